// A sample call of every command of node-redis v4 that changes a key.

import { createHash } from 'node:crypto';
import { dumped, type WriteCall, write } from './write-call.js';

const LUA = "return redis.call('SET', KEYS[1], ARGV[1])";
const LIBRARY = `#!lua name=samples
redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)`;
const EXPIRY = 'only the expiry changes, and what is held ends earlier at worst';
const GROUP = 'groups of a stream show in no cached read';
const PAST = 1;

const STREAM = ['XADD a 1-1 f v', 'XADD a 2-1 f v'];
const READ_STREAM = [...STREAM, 'XGROUP CREATE a g 0', 'XREADGROUP GROUP g c STREAMS a >'];
const PLACES = ['GEOADD b 13.3 38.1 Palermo 15.1 37.5 Catania'];
const SETS = ['SADD a old', 'SADD b x y z', 'SADD c y'];
const SORTED = ['ZADD a 1 old', 'ZADD b 1 x 2 y 3 z', 'ZADD c 5 y'];
const AROUND = [{ longitude: 15, latitude: 37 }, 200, 'km'] as const;

const STRINGS = [
  write('APPEND', ['a', 'x'], ['SET a 1']),
  write('BITFIELD', ['a', [{ operation: 'SET', encoding: 'u8', offset: 0, value: 90 }]], ['SET a 1']),
  write('BITOP', ['NOT', 'a', 'b'], ['SET a 1', 'SET b 2']),
  write('DECR', ['a'], ['SET a 1']),
  write('DECRBY', ['a', 5], ['SET a 1']),
  write('GETDEL', ['a'], ['SET a 1']),
  write('GETEX', ['a', { EXAT: PAST }], ['SET a 1']),
  write('GETEX', ['a', { PERSIST: true }], ['SET a 1 EX 100'], 'a', EXPIRY),
  write('GETSET', ['a', '2'], ['SET a 1']),
  write('INCR', ['a'], ['SET a 1']),
  write('INCRBY', ['a', 5], ['SET a 1']),
  write('INCRBYFLOAT', ['a', 0.5], ['SET a 1']),
  write('MSET', [{ a: '2', b: '3' }], ['SET a 1'], 'a b'),
  write('MSET', [['a', '2', 'b', '3']], ['SET a 1'], 'a b'),
  write('MSETNX', [{ a: '2', b: '3' }], [], 'a b'),
  write('PFADD', ['a', 'x'], ['PFADD a y']),
  write('PFMERGE', ['a', ['b', 'c']], ['PFADD b x', 'PFADD c y']),
  write('PSETEX', ['a', 100_000, '2'], ['SET a 1']),
  write('SET', ['a', '2'], ['SET a 1']),
  write('SET', ['a', '2', { XX: true, GET: true, KEEPTTL: true }], ['SET a 1']),
  write('SETBIT', ['a', 6, 1], ['SET a 1']),
  write('SETEX', ['a', 100, '2'], ['SET a 1']),
  write('SETNX', ['a', '2']),
  write('SETRANGE', ['a', 0, '2'], ['SET a 1']),
];

const KEYS = [
  write('COPY', ['a', 'b', { replace: true }], ['SET a 1', 'SET b 2'], 'b'),
  write('DEL', ['a'], ['SET a 1']),
  write('DEL', [['a', 'b', 'c']], ['SET a 1', 'RPUSH b 1', 'SADD c 1'], 'a b c'),
  write('EXPIRE', ['a', -1], ['SET a 1']),
  write('EXPIREAT', ['a', PAST], ['SET a 1']),
  write('FLUSHALL', [], ['SET a 1', 'HSET b f v'], 'a b'),
  write('FLUSHDB', [], ['SET a 1', 'HSET b f v'], 'a b'),
  write('MIGRATE', async ({ otherPort }) => ['127.0.0.1', otherPort, 'a', 0, 1_000, { REPLACE: true }], [
    'SET a 1',
  ]),
  write(
    'MIGRATE',
    async ({ otherPort }) => ['127.0.0.1', otherPort, ['a', 'b'], 0, 1_000, { REPLACE: true }],
    ['SET a 1', 'SET b 2'],
    'a b',
  ),
  write('MOVE', ['a', 1], ['SET a 1']),
  write('PERSIST', ['a'], ['SET a 1 EX 100'], 'a', EXPIRY),
  write('PEXPIRE', ['a', -1], ['SET a 1']),
  write('PEXPIREAT', ['a', PAST], ['SET a 1']),
  write('RENAME', ['a', 'b'], ['SET a 1', 'SET b 2'], 'a b'),
  write('RENAMENX', ['a', 'b'], ['SET a 1'], 'a b'),
  write('RESTORE', async (around) => ['a', 0, await dumped(around, 'b'), { REPLACE: true }], [
    'SET a 1',
    'RPUSH b x',
  ]),
  write('SORT_STORE', ['b', 'a'], ['SET a 1', 'RPUSH b 2 1']),
  write('SWAPDB', [0, 1], ['SET a 1', 'HSET b f v'], 'a b'),
  write('UNLINK', [['a', 'b']], ['SET a 1', 'RPUSH b 1'], 'a b'),
];

const HASHES = [
  write('HDEL', ['a', 'f'], ['HSET a f 1 g 2']),
  write('HEXPIRE', ['a', 'f', 0], ['HSET a f 1 g 2']),
  write('HEXPIREAT', ['a', 'f', PAST], ['HSET a f 1 g 2']),
  write('HINCRBY', ['a', 'f', 5], ['HSET a f 1']),
  write('HINCRBYFLOAT', ['a', 'f', 0.5], ['HSET a f 1']),
  write('HPERSIST', ['a', 'f'], ['HSET a f 1'], 'a', EXPIRY),
  write('HPEXPIRE', ['a', ['f'], 0], ['HSET a f 1 g 2']),
  write('HPEXPIREAT', ['a', ['f'], PAST], ['HSET a f 1 g 2']),
  write('HSET', ['a', 'f', '2'], ['HSET a f 1']),
  write('HSET', ['a', { f: '2', g: '3' }], ['HSET a f 1']),
  write('HSETNX', ['a', 'g', '2'], ['HSET a f 1']),
];

const LISTS = [
  write('BLMOVE', ['a', 'b', 'LEFT', 'RIGHT', 1], ['RPUSH a x y', 'RPUSH b z'], 'a b'),
  write('BLMPOP', [1, ['c', 'a'], 'LEFT'], ['RPUSH a x y']),
  write('BLPOP', [['c', 'a'], 1], ['RPUSH a x y']),
  write('BRPOP', ['a', 1], ['RPUSH a x y']),
  write('BRPOPLPUSH', ['a', 'b', 1], ['RPUSH a x y'], 'a b'),
  write('LINSERT', ['a', 'BEFORE', 'y', 'x'], ['RPUSH a y']),
  write('LMOVE', ['a', 'b', 'LEFT', 'RIGHT'], ['RPUSH a x y'], 'a b'),
  write('LMPOP', [['c', 'a'], 'RIGHT', { COUNT: 2 }], ['RPUSH a x y z']),
  write('LPOP', ['a'], ['RPUSH a x y']),
  write('LPOP_COUNT', ['a', 2], ['RPUSH a x y z']),
  write('LPUSH', ['a', 'x'], ['RPUSH a y']),
  write('LPUSHX', ['a', 'x'], ['RPUSH a y']),
  write('LREM', ['a', 0, 'x'], ['RPUSH a x y']),
  write('LSET', ['a', 0, 'z'], ['RPUSH a x y']),
  write('LTRIM', ['a', 1, -1], ['RPUSH a x y']),
  write('RPOP', ['a'], ['RPUSH a x y']),
  write('RPOP_COUNT', ['a', 2], ['RPUSH a x y z']),
  write('RPOPLPUSH', ['a', 'b'], ['RPUSH a x y'], 'a b'),
  write('RPUSH', ['a', ['x', 'y']], ['RPUSH a z']),
  write('RPUSHX', ['a', 'x'], ['RPUSH a y']),
];

const SETS_AND_SORTED_SETS = [
  write('SADD', ['a', ['x', 'y']], ['SADD a z']),
  write('SDIFFSTORE', ['a', ['b', 'c']], SETS),
  write('SINTERSTORE', ['a', ['b', 'c']], SETS),
  write('SMOVE', ['b', 'a', 'x'], SETS, 'a b'),
  write('SPOP', ['a'], ['SADD a x y']),
  write('SREM', ['a', 'x'], ['SADD a x y']),
  write('SUNIONSTORE', ['a', ['b', 'c']], SETS),
  write('BZMPOP', [1, ['d', 'a'], 'MIN'], ['ZADD a 1 x 2 y']),
  write('BZPOPMAX', [['d', 'a'], 1], ['ZADD a 1 x 2 y']),
  write('BZPOPMIN', ['a', 1], ['ZADD a 1 x 2 y']),
  write('ZADD', ['a', { score: 5, value: 'x' }], ['ZADD a 1 x']),
  write('ZADD', ['a', [{ score: 5, value: 'x' }], { INCR: true }], ['ZADD a 1 x']),
  write('ZDIFFSTORE', ['a', ['b', 'c']], SORTED),
  write('ZINCRBY', ['a', 5, 'x'], ['ZADD a 1 x']),
  write('ZINTERSTORE', ['a', ['b', 'c']], SORTED),
  write('ZMPOP', [['d', 'a'], 'MAX', { COUNT: 2 }], ['ZADD a 1 x 2 y 3 z']),
  write('ZPOPMAX', ['a'], ['ZADD a 1 x 2 y']),
  write('ZPOPMAX_COUNT', ['a', 2], ['ZADD a 1 x 2 y 3 z']),
  write('ZPOPMIN', ['a'], ['ZADD a 1 x 2 y']),
  write('ZPOPMIN_COUNT', ['a', 2], ['ZADD a 1 x 2 y 3 z']),
  write('ZRANGESTORE', ['a', 'b', 0, 1], SORTED),
  write('ZREM', ['a', 'x'], ['ZADD a 1 x 2 y']),
  write('ZREMRANGEBYLEX', ['a', '[x', '[x'], ['ZADD a 0 x 0 y']),
  write('ZREMRANGEBYRANK', ['a', 0, 0], ['ZADD a 1 x 2 y']),
  write('ZREMRANGEBYSCORE', ['a', 1, 1], ['ZADD a 1 x 2 y']),
  write('ZUNIONSTORE', ['a', ['b', 'c'], { AGGREGATE: 'MAX' }], SORTED),
  write('GEOADD', ['a', { longitude: 13.3, latitude: 38.1, member: 'Palermo' }]),
  write('GEORADIUSBYMEMBERSTORE', ['b', 'Catania', 200, 'km', 'a'], PLACES),
  write('GEORADIUSSTORE', ['b', ...AROUND, 'a'], PLACES),
  write('GEORADIUSSTORE', ['b', ...AROUND, 'a', { STOREDIST: true }], PLACES),
  write('GEOSEARCHSTORE', ['a', 'b', 'Catania', { radius: 200, unit: 'km' }], PLACES),
];

const STREAMS = [
  write('XACK', ['a', 'g', '1-1'], READ_STREAM, 'a', GROUP),
  write('XADD', ['a', '3-1', { f: 'v' }], STREAM),
  write('XADD', ['a', '*', { f: 'v' }]),
  write('XAUTOCLAIM', ['a', 'g', 'd', 0, '0'], READ_STREAM, 'a', GROUP),
  write('XAUTOCLAIM_JUSTID', ['a', 'g', 'd', 0, '0'], READ_STREAM, 'a', GROUP),
  write('XCLAIM', ['a', 'g', 'd', 0, '1-1'], READ_STREAM, 'a', GROUP),
  write('XCLAIM_JUSTID', ['a', 'g', 'd', 0, ['1-1', '2-1']], READ_STREAM, 'a', GROUP),
  write('XDEL', ['a', ['1-1']], STREAM),
  write('XGROUP_CREATE', ['a', 'g', '$', { MKSTREAM: true }]),
  write('XGROUP_CREATECONSUMER', ['a', 'g', 'd'], READ_STREAM, 'a', GROUP),
  write('XGROUP_DELCONSUMER', ['a', 'g', 'c'], READ_STREAM, 'a', GROUP),
  write('XGROUP_DESTROY', ['a', 'g'], READ_STREAM, 'a', GROUP),
  write('XGROUP_SETID', ['a', 'g', '0'], READ_STREAM, 'a', GROUP),
  write(
    'XREADGROUP',
    [
      'g',
      'c',
      [
        { key: 'a', id: '>' },
        { key: 'b', id: '>' },
      ],
      { COUNT: 1 },
    ],
    [...STREAM, 'XGROUP CREATE a g 0', 'XGROUP CREATE b g 0 MKSTREAM'],
    'a b',
    GROUP,
  ),
  write('XSETID', ['a', '9-9'], STREAM, 'a', 'the last id shows in no cached read'),
  write('XTRIM', ['a', 'MAXLEN', 1], STREAM),
];

const SCRIPTS = [
  write('EVAL', [LUA, { keys: ['a'], arguments: ['2'] }], ['SET a 1']),
  write(
    'EVALSHA',
    [createHash('sha1').update(LUA).digest('hex'), { keys: ['a', 'b'], arguments: ['2'] }],
    ['SET a 1', ['SCRIPT', 'LOAD', LUA]],
  ),
  write(
    'FCALL',
    ['put', { keys: ['a'], arguments: ['2'] }],
    ['SET a 1', ['FUNCTION', 'LOAD', 'REPLACE', LIBRARY]],
  ),
];

export const WRITE_CALLS: readonly WriteCall[] = [
  ...STRINGS,
  ...KEYS,
  ...HASHES,
  ...LISTS,
  ...SETS_AND_SORTED_SETS,
  ...STREAMS,
  ...SCRIPTS,
];
