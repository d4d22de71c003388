// What every command does to the cache, by what goes on the wire: a table, and nothing but the table. Where the
// keys of a write stand comes from the command documentation, https://redis.io/docs/latest/commands/.

/** Where a command's keys stand among its arguments; the command's name is argument 0. */
export type KeyPositions =
  /** These arguments. */
  | readonly number[]
  /** From the first number up to the second, counted from the end, in steps of the third. */
  | { readonly from: number; readonly dropLast: number; readonly step: number }
  /** A count stands there, the keys follow; fixed keys may stand before. */
  | { readonly countAt: number; readonly also?: readonly number[] }
  /** Argument 1, and the one after each of these words. */
  | { readonly after: readonly string[] }
  | 'streams'
  | 'migrate';

export type WireEffect =
  /** Changes these keys. */
  | { readonly kind: 'write'; readonly keys: KeyPositions }
  /** Changes nothing and tells of these keys. */
  | { readonly kind: 'read'; readonly keys: KeyPositions }
  /** Neither changes keys nor tells of any in particular. */
  | { readonly kind: 'neutral' }
  /** Changes all keys, or what the connection's keys mean (rule C14). */
  | { readonly kind: 'flush' }
  /** Begins optimistic locking or a transaction sent by hand (rule C11). */
  | { readonly kind: 'hold' }
  /** Ends it. */
  | { readonly kind: 'release' };

const write = (...keys: number[]): WireEffect => ({ kind: 'write', keys });
const read = (...keys: number[]): WireEffect => ({ kind: 'read', keys });
const range = (from: number, dropLast = 0, step = 1): WireEffect => ({
  kind: 'write',
  keys: { from, dropLast, step },
});
const counted = (countAt: number, ...also: number[]): WireEffect => ({
  kind: 'write',
  keys: { countAt, also },
});
const storing = (...words: string[]): WireEffect => ({ kind: 'write', keys: { after: words } });
const NEUTRAL: WireEffect = { kind: 'neutral' };
const FLUSH: WireEffect = { kind: 'flush' };

function each(names: string, effect: WireEffect): Record<string, WireEffect> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, effect]));
}

/** By command name, or by name and subcommand where they differ. What is not here raises a barrier (rule C4). */
export const WIRE_COMMANDS: Readonly<Record<string, WireEffect>> = {
  // Strings, bitmaps, HyperLogLog.
  ...each(
    'APPEND DECR DECRBY GETDEL GETEX GETSET INCR INCRBY INCRBYFLOAT PSETEX SET SETEX SETNX SETRANGE',
    write(1),
  ),
  ...each('BITFIELD SETBIT PFADD PFMERGE', write(1)),
  // A read that may rewrite the cached cardinality inside the value.
  PFCOUNT: range(1),
  ...each('BITOP PFDEBUG', write(2)),
  ...each('MSET MSETNX', range(1, 0, 2)),
  // Keys.
  ...each('DEL UNLINK', range(1)),
  ...each('EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST MOVE RESTORE RESTORE-ASKING', write(1)),
  ...each('COPY RENAME RENAMENX', write(1, 2)),
  MIGRATE: { kind: 'write', keys: 'migrate' },
  SORT: storing('STORE'),
  // Hashes.
  ...each('HDEL HINCRBY HINCRBYFLOAT HMSET HSET HSETNX HGETDEL HGETEX HSETEX', write(1)),
  ...each('HEXPIRE HEXPIREAT HPEXPIRE HPEXPIREAT HPERSIST', write(1)),
  // Lists.
  ...each('LINSERT LPOP LPUSH LPUSHX LREM LSET LTRIM RPOP RPUSH RPUSHX', write(1)),
  ...each('BLMOVE BRPOPLPUSH LMOVE RPOPLPUSH', write(1, 2)),
  ...each('BLPOP BRPOP BZPOPMAX BZPOPMIN', range(1, 1)),
  ...each('LMPOP ZMPOP', counted(1)),
  ...each('BLMPOP BZMPOP', counted(2)),
  // Sets and sorted sets.
  ...each('SADD SDIFFSTORE SINTERSTORE SPOP SREM SUNIONSTORE', write(1)),
  SMOVE: write(1, 2),
  ...each('ZADD ZINCRBY ZPOPMAX ZPOPMIN ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE', write(1)),
  ...each('ZDIFFSTORE ZINTERSTORE ZRANGESTORE ZUNIONSTORE', write(1)),
  // Geo.
  ...each('GEOADD GEOSEARCHSTORE', write(1)),
  ...each('GEORADIUS GEORADIUSBYMEMBER', storing('STORE', 'STOREDIST')),
  // Streams.
  ...each('XACK XACKDEL XADD XAUTOCLAIM XCLAIM XDEL XDELEX XSETID XTRIM', write(1)),
  XGROUP: write(2),
  XREADGROUP: { kind: 'write', keys: 'streams' },
  // Vector sets.
  ...each('VADD VREM', write(1)),
  // Scripts and functions with declared keys; without any, a barrier.
  ...each('EVAL EVALSHA FCALL', counted(2)),
  // Everything, or another everything.
  ...each('FLUSHALL FLUSHDB SWAPDB SELECT AUTH HELLO RESET REPLICAOF SLAVEOF FAILOVER', FLUSH),
  // Optimistic locking, and transactions sent by hand: until they end a read may be answered QUEUED.
  ...each('WATCH MULTI', { kind: 'hold' }),
  ...each('UNWATCH DISCARD EXEC', { kind: 'release' }),
  // Reads.
  ...each('BITCOUNT BITFIELD_RO BITPOS GET GETBIT GETRANGE STRLEN SUBSTR', read(1)),
  ...each('DUMP EXPIRETIME PEXPIRETIME PTTL SORT_RO TTL TYPE', read(1)),
  ...each('HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET HPEXPIRETIME HPTTL HRANDFIELD HSCAN', read(1)),
  ...each('HSTRLEN HTTL HVALS LINDEX LLEN LPOS LRANGE SCARD SISMEMBER SMEMBERS SMISMEMBER', read(1)),
  ...each('SRANDMEMBER SSCAN ZCARD ZCOUNT ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ZRANGEBYLEX', read(1)),
  ...each('ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE', read(1)),
  ...each('GEODIST GEOHASH GEOPOS GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH', read(1)),
  ...each('XLEN XPENDING XRANGE XREVRANGE', read(1)),
  ...each('VCARD VDIM VEMB VGETATTR VINFO VISMEMBER VLINKS VRANDMEMBER VRANGE VSIM', read(1)),
  ...each('OBJECT XINFO', read(2)),
  LCS: read(1, 2),
  ...each('EXISTS MGET SDIFF SINTER SUNION TOUCH', { kind: 'read', keys: { from: 1, dropLast: 0, step: 1 } }),
  ...each('SINTERCARD ZDIFF ZINTER ZINTERCARD ZUNION', { kind: 'read', keys: { countAt: 1 } }),
  ...each('EVAL_RO EVALSHA_RO FCALL_RO', { kind: 'read', keys: { countAt: 2 } }),
  XREAD: { kind: 'read', keys: 'streams' },
  ...each('KEYS RANDOMKEY SCAN', NEUTRAL),
  // Server and connection.
  ...each(
    'ACL ASKING BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND COMMANDLOG CONFIG DBSIZE ECHO FUNCTION INFO',
    NEUTRAL,
  ),
  ...each(
    'LASTSAVE LATENCY LOLWUT MEMORY MODULE PING PUBLISH PUBSUB QUIT READONLY READWRITE ROLE SAVE',
    NEUTRAL,
  ),
  ...each('SCRIPT SHUTDOWN SLOWLOG SPUBLISH TIME WAIT WAITAOF', NEUTRAL),
  ...each('PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE UNSUBSCRIBE', NEUTRAL),
};
