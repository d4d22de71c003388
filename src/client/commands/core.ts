// The commands of the server itself, from Redis 2 to 8.12 and Valkey. Where their keys stand comes from the command
// documentation, https://redis.io/docs/latest/commands/, and is checked against running servers by
// test/integration/commands/wire-table.test.ts.

import {
  ALL,
  COUNTED,
  cached,
  each,
  FLUSH,
  NEUTRAL,
  ONE,
  STRAY,
  UNKNOWABLE,
  uncached,
  type WireTable,
  write,
  writes,
} from './effects.js';

const HASH = { hash: true } as const;

const STRINGS: WireTable = {
  ...each('APPEND DECR DECRBY DELEX DELIFEQ GETDEL GETEX GETSET INCR INCRBY INCRBYFLOAT INCREX', write(1)),
  ...each('PSETEX SET SETEX SETNX SETRANGE BITFIELD SETBIT PFADD PFMERGE', write(1)),
  ...each('BITOP PFDEBUG', write(2)),
  ...each('MSET MSETNX', writes({ from: 1, dropLast: 0, step: 2 })),
  MSETEX: writes({ countAt: 1, step: 2 }),
  ...each('BITCOUNT BITFIELD_RO BITPOS DIGEST GET GETBIT GETRANGE STRLEN SUBSTR', cached(ONE)),
  LCS: cached([1, 2]),
  // PFCOUNT writes what it counted into the value, which changes no reply of PFCOUNT, and the server pushes it.
  ...each('MGET PFCOUNT', cached(ALL)),
};

const KEYS: WireTable = {
  ...each('DEL UNLINK', writes(ALL)),
  ...each('EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST MOVE RESTORE RESTORE-ASKING', write(1)),
  ...each('COPY RENAME RENAMENX', write(1, 2)),
  MIGRATE: writes('migrate'),
  SORT: writes({ after: ['STORE'] }),
  ...each('BLESS|SET BLESS|CLEAR', write(2)),
  ...each('EXPIRETIME PEXPIRETIME TYPE', cached(ONE)),
  EXISTS: cached(ALL),
  SORT_RO: cached(ONE, { unless: ['BY', 'GET'] }),
  ...each('PTTL TTL', uncached(ONE, 'time')),
  DUMP: uncached(ONE, 'internals'),
  ...each('OBJECT MEMORY|USAGE', uncached([2], 'internals')),
  'BLESS|GET': uncached([2], 'unproven'),
  TOUCH: uncached(ALL, 'access'),
  ...each('KEYS RANDOMKEY SCAN BLESS|SCAN', NEUTRAL),
  BLESS: UNKNOWABLE,
};

const HASHES: WireTable = {
  ...each('HDEL HINCRBY HINCRBYFLOAT HMSET HSET HSETNX HGETDEL HGETEX HSETEX', write(1)),
  ...each('HEXPIRE HEXPIREAT HPEXPIRE HPEXPIREAT HPERSIST', write(1)),
  'HIMPORT|SET': write(2),
  ...each('HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET HPEXPIRETIME HSTRLEN HVALS', cached(ONE, HASH)),
  ...each('HPTTL HTTL', uncached(ONE, 'time')),
  HRANDFIELD: uncached(ONE, 'random'),
  HSCAN: uncached(ONE, 'cursor'),
  ...each('HIMPORT|PREPARE HIMPORT|DISCARD HIMPORT|DISCARDALL', NEUTRAL),
  HIMPORT: UNKNOWABLE,
};

const LISTS: WireTable = {
  ...each('LINSERT LPOP LPUSH LPUSHX LREM LSET LTRIM RPOP RPUSH RPUSHX', write(1)),
  ...each('BLMOVE BLMOVEM BRPOPLPUSH LMOVE LMOVEM RPOPLPUSH', write(1, 2)),
  ...each('BLPOP BRPOP BZPOPMAX BZPOPMIN', writes({ from: 1, dropLast: 1, step: 1 })),
  ...each('LMPOP ZMPOP', writes(COUNTED)),
  ...each('BLMPOP BZMPOP', writes({ countAt: 2 })),
  ...each('LINDEX LLEN LPOS LRANGE', cached(ONE)),
};

/** Index by number, of Redis 8.8 and later. */
const ARRAYS: WireTable = {
  ...each('ARDEL ARDELRANGE ARINSERT ARMSET ARRING ARSEEK ARSET', write(1)),
  ...each('ARCOUNT ARGET ARGETRANGE ARGREP ARLASTITEMS ARLEN ARMGET ARNEXT AROP', uncached(ONE, 'unproven')),
  ARSCAN: uncached(ONE, 'unproven'),
  ARINFO: uncached(ONE, 'internals'),
};

const SETS: WireTable = {
  ...each('SADD SDIFFSTORE SINTERSTORE SPOP SREM SUNIONSTORE', write(1)),
  SMOVE: write(1, 2),
  ...each('SCARD SISMEMBER SMEMBERS SMISMEMBER', cached(ONE)),
  ...each('SDIFF SINTER SUNION', cached(ALL)),
  ...each('SDIFFCARD SINTERCARD', cached(COUNTED)),
  SUNIONCARD: cached(COUNTED, { unless: ['APPROX'] }),
  SRANDMEMBER: uncached(ONE, 'random'),
  SSCAN: uncached(ONE, 'cursor'),
};

const SORTED_SETS: WireTable = {
  ...each('ZADD ZINCRBY ZPOPMAX ZPOPMIN ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE', write(1)),
  ...each('ZDIFFSTORE ZINTERSTORE ZRANGESTORE ZUNIONSTORE GEOADD GEOSEARCHSTORE', write(1)),
  ...each('GEORADIUS GEORADIUSBYMEMBER', writes({ after: ['STORE', 'STOREDIST'] })),
  ...each('ZCARD ZCOUNT ZLEXCOUNT ZMSCORE ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE', cached(ONE)),
  ...each('ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCORE', cached(ONE)),
  ...each('GEODIST GEOHASH GEOPOS GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH', cached(ONE)),
  ...each('ZDIFF ZINTER ZINTERCARD ZUNION', cached(COUNTED)),
  ZRANDMEMBER: uncached(ONE, 'random'),
  ZSCAN: uncached(ONE, 'cursor'),
};

const STREAMS: WireTable = {
  ...each('XACK XACKDEL XADD XAUTOCLAIM XCFGSET XCLAIM XDEL XDELEX XIDMPRECORD XNACK XSETID XTRIM', write(1)),
  XGROUP: write(2),
  XREADGROUP: writes('streams'),
  ...each('XLEN XRANGE XREVRANGE', cached(ONE)),
  XPENDING: uncached(ONE, 'time'),
  XINFO: uncached([2], 'internals'),
  XREAD: uncached('streams', 'blocking'),
};

const VECTOR_SETS: WireTable = {
  ...each('VADD VREM VSETATTR', write(1)),
  ...each('VCARD VDIM VEMB VGETATTR VISMEMBER VLINKS VRANGE', cached(ONE)),
  VINFO: uncached(ONE, 'internals'),
  VRANDMEMBER: uncached(ONE, 'random'),
  VSIM: uncached(ONE, 'approximate'),
};

const SCRIPTS: WireTable = {
  // With declared keys; without any, a barrier.
  ...each('EVAL EVALSHA FCALL', writes({ countAt: 2 })),
  ...each('EVAL_RO EVALSHA_RO FCALL_RO', uncached({ countAt: 2 }, 'script')),
};

const SERVER: WireTable = {
  // Everything, or another everything.
  ...each('FLUSHALL FLUSHDB SWAPDB REPLICAOF SLAVEOF FAILOVER', FLUSH),
  ...each('SELECT AUTH HELLO RESET', STRAY),
  ...each('SFLUSH TRIMSLOTS CLUSTER|REPLICATE CLUSTER|RESET', FLUSH),
  // Optimistic locking, and transactions sent by hand: until they end a read may be answered QUEUED.
  ...each('WATCH MULTI', { kind: 'hold' }),
  ...each('UNWATCH DISCARD EXEC', { kind: 'release' }),
  ...each('ACL ASKING BACKUP BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND COMMANDLOG CONFIG DBSIZE', NEUTRAL),
  ...each('ECHO FUNCTION HOTKEYS INFO LASTSAVE LATENCY LOLWUT MEMORY MODULE MONITOR PFSELFTEST', NEUTRAL),
  ...each('PING PUBLISH PUBSUB QUIT READONLY READWRITE ROLE SAVE SCRIPT SHUTDOWN SLOWLOG', NEUTRAL),
  ...each('SPUBLISH TIME WAIT WAITAOF', NEUTRAL),
  ...each('PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE UNSUBSCRIBE', NEUTRAL),
  ...each('DEBUG PSYNC REPLCONF SYNC', UNKNOWABLE),
};

export const CORE_COMMANDS: WireTable = {
  ...STRINGS,
  ...KEYS,
  ...HASHES,
  ...LISTS,
  ...ARRAYS,
  ...SETS,
  ...SORTED_SETS,
  ...STREAMS,
  ...VECTOR_SETS,
  ...SCRIPTS,
  ...SERVER,
};
