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

/** How replies of a read are cached (rule C15: they change solely by a write to a declared key). */
export interface CachedRead {
  /** It reads a hash, whose fields may expire by themselves on some servers. */
  readonly hash?: true;
  /** With one of these words among its arguments after the keys it is not cached. */
  readonly unless?: readonly string[];
}

/** Why a read is not cached; docs/commands.md spells each out. */
export type UncachedReason =
  | 'time'
  | 'random'
  | 'cursor'
  | 'script'
  | 'internals'
  | 'access'
  | 'blocking'
  | 'unproven';

export type WireEffect =
  /** Changes these keys. */
  | { readonly kind: 'write'; readonly keys: KeyPositions }
  /** Changes nothing and tells of these keys. It is either cached or, for a reason, not. */
  | {
      readonly kind: 'read';
      readonly keys: KeyPositions;
      readonly cached?: CachedRead;
      readonly uncached?: UncachedReason;
    }
  /** Neither changes keys nor tells of any in particular. */
  | { readonly kind: 'neutral' }
  /** Changes all keys, or what the connection's keys mean (rule C14). */
  | { readonly kind: 'flush' }
  /** Begins optimistic locking or a transaction sent by hand (rule C11). */
  | { readonly kind: 'hold' }
  /** Ends it. */
  | { readonly kind: 'release' };

const write = (...keys: number[]): WireEffect => ({ kind: 'write', keys });
const cached = (keys: KeyPositions, how: CachedRead = {}): WireEffect => ({
  kind: 'read',
  keys,
  cached: how,
});
const uncached = (keys: KeyPositions, why: UncachedReason): WireEffect => ({
  kind: 'read',
  keys,
  uncached: why,
});
const range = (from: number, dropLast = 0, step = 1): WireEffect => ({
  kind: 'write',
  keys: { from, dropLast, step },
});
const counted = (countAt: number, ...also: number[]): WireEffect => ({
  kind: 'write',
  keys: { countAt, also },
});
const storing = (...words: string[]): WireEffect => ({ kind: 'write', keys: { after: words } });
const ONE: KeyPositions = [1];
const ALL: KeyPositions = { from: 1, dropLast: 0, step: 1 };
const HASH: CachedRead = { hash: true };
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
  // Reads that are cached.
  ...each('BITCOUNT BITFIELD_RO BITPOS GET GETBIT GETRANGE STRLEN SUBSTR', cached(ONE)),
  ...each('EXPIRETIME PEXPIRETIME TYPE', cached(ONE)),
  SORT_RO: cached(ONE, { unless: ['BY', 'GET'] }),
  ...each('HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET HPEXPIRETIME HSTRLEN HVALS', cached(ONE, HASH)),
  ...each('LINDEX LLEN LPOS LRANGE SCARD SISMEMBER SMEMBERS SMISMEMBER ZCARD ZCOUNT ZLEXCOUNT', cached(ONE)),
  ...each('ZMSCORE ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX', cached(ONE)),
  ...each('ZREVRANGEBYSCORE ZREVRANK ZSCORE', cached(ONE)),
  ...each('GEODIST GEOHASH GEOPOS GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH', cached(ONE)),
  ...each('XLEN XRANGE XREVRANGE', cached(ONE)),
  LCS: cached([1, 2]),
  ...each('EXISTS MGET SDIFF SINTER SUNION', cached(ALL)),
  ...each('SINTERCARD ZDIFF ZINTER ZINTERCARD ZUNION', cached({ countAt: 1 })),
  // Reads that are not.
  ...each('HPTTL HTTL PTTL TTL XPENDING', uncached(ONE, 'time')),
  ...each('HRANDFIELD SRANDMEMBER VRANDMEMBER ZRANDMEMBER', uncached(ONE, 'random')),
  ...each('HSCAN SSCAN ZSCAN', uncached(ONE, 'cursor')),
  ...each('DUMP VINFO', uncached(ONE, 'internals')),
  ...each('OBJECT XINFO', uncached([2], 'internals')),
  ...each('VCARD VDIM VEMB VGETATTR VISMEMBER VLINKS VRANGE VSIM', uncached(ONE, 'unproven')),
  TOUCH: uncached(ALL, 'access'),
  ...each('EVAL_RO EVALSHA_RO FCALL_RO', uncached({ countAt: 2 }, 'script')),
  XREAD: uncached('streams', 'blocking'),
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
