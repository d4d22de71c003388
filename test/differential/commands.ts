// Random commands on a small set of keys: what a method is called with, what goes on the wire, which keys decide a reply
// and which keys a write changes.

import fc from 'fast-check';

export interface Command {
  readonly method: string;
  readonly args: readonly unknown[];
  /** As it goes on the wire. */
  readonly wire: readonly string[];
  /** Of a read: the keys that decide its reply. Of a write: the keys that it changes; `'all'` for each. */
  readonly keys: readonly string[] | 'all';
  /** The order of the members in its reply is nobody's promise. */
  readonly unordered?: true;
}

const TYPES = {
  string: ['k:s1', 'k:s2'],
  hash: ['k:h1', 'k:h2'],
  list: ['k:l1', 'k:l2'],
  set: ['k:a1', 'k:a2', 'k:a3'],
  sortedSet: ['k:z1', 'k:z2'],
} as const;
export type Type = keyof typeof TYPES;

/** Under no registered prefix. */
const OUTSIDE: Readonly<Record<Type, string>> = {
  string: 'o:s',
  hash: 'o:h',
  list: 'o:l',
  set: 'o:a',
  sortedSet: 'o:z',
};
const ANY = [...Object.values(TYPES).flat(), ...Object.values(OUTSIDE)];

/** Mostly one that holds the type, sometimes one that is not cached, sometimes one that may hold anything. */
const key = (type: Type): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 16, arbitrary: fc.constantFrom<string[]>(...TYPES[type]) },
    { weight: 2, arbitrary: fc.constant(OUTSIDE[type]) },
    { weight: 1, arbitrary: fc.constantFrom(...ANY) },
  );
const anyKey = fc.constantFrom(...ANY);
const keysOf = (type: Type, minLength = 2) => fc.array(key(type), { minLength, maxLength: 3 });

const value = fc.nat(999).map((number) => `v${number}`);
const field = fc.constantFrom('f', 'g');
const member = fc.constantFrom('1', '2', '3');
const score = fc.integer({ min: -1, max: 3 });
const index = fc.integer({ min: -3, max: 3 });

type After = readonly unknown[];

/** A command of one key, and arguments that look alike on the wire. */
function of(type: Type, method: string, name: string, ...after: readonly fc.Arbitrary<unknown>[]) {
  return fc
    .tuple(key(type), fc.tuple(...after))
    .map(([first, rest]) => plain(method, name, [first, ...rest], [first]));
}

function plain(method: string, name: string, args: After, keys: readonly string[] | 'all'): Command {
  return { method, args, wire: [name, ...args.flat().map(String)], keys };
}

/** A command of several keys, with their number before them where the wire has it. */
function ofMany(
  type: Type,
  method: string,
  name: string,
  how: { readonly counted?: true; readonly unordered?: true; readonly end?: readonly string[] } = {},
) {
  return keysOf(type).map((keys): Command => {
    const count = how.counted === true ? [`${keys.length}`] : [];
    const wire = [name, ...count, ...keys, ...(how.end ?? [])];
    const command = { method, args: [keys], wire, keys };
    return how.unordered === true ? { ...command, unordered: true } : command;
  });
}

const unordered = (commands: fc.Arbitrary<Command>) =>
  commands.map((command): Command => ({ ...command, unordered: true }));

/** `LIMIT` and the like, spelled for the wire. */
const spelled = (commands: fc.Arbitrary<Command>, ...end: readonly string[]) =>
  commands.map((command): Command => ({ ...command, wire: [...command.wire, ...end] }));

const STRING_READS = [
  of('string', 'get', 'GET'),
  of('string', 'strLen', 'STRLEN'),
  of('string', 'getRange', 'GETRANGE', index, index),
  of('string', 'getBit', 'GETBIT', fc.nat(20)),
  of('string', 'bitCount', 'BITCOUNT'),
  keysOf('string', 1).map((keys) => plain('mGet', 'MGET', [keys], keys)),
  fc.tuple(key('string'), key('string')).map((keys) => plain('lcs', 'LCS', keys, keys)),
  spelled(
    fc.tuple(key('string'), key('string')).map((keys) => plain('lcsLen', 'LCS', keys, keys)),
    'LEN',
  ),
];

const KEY_READS = [
  anyKey.map((name) => plain('exists', 'EXISTS', [name], [name])),
  fc.array(anyKey, { minLength: 2, maxLength: 4 }).map((keys) => plain('exists', 'EXISTS', [keys], keys)),
  anyKey.map((name) => plain('type', 'TYPE', [name], [name])),
];

const HASH_READS = [
  of('hash', 'hGet', 'HGET', field),
  of('hash', 'hGetAll', 'HGETALL'),
  of('hash', 'hExists', 'HEXISTS', field),
  unordered(of('hash', 'hKeys', 'HKEYS')),
  unordered(of('hash', 'hVals', 'HVALS')),
  of('hash', 'hLen', 'HLEN'),
  of('hash', 'hmGet', 'HMGET', fc.array(field, { minLength: 1, maxLength: 3 })),
];

const LIST_READS = [
  of('list', 'lRange', 'LRANGE', index, index),
  of('list', 'lIndex', 'LINDEX', index),
  of('list', 'lLen', 'LLEN'),
  of('list', 'lPos', 'LPOS', member),
];

const SET_READS = [
  unordered(of('set', 'sMembers', 'SMEMBERS')),
  of('set', 'sCard', 'SCARD'),
  of('set', 'sIsMember', 'SISMEMBER', member),
  of('set', 'smIsMember', 'SMISMEMBER', fc.array(member, { minLength: 1, maxLength: 3 })),
  ofMany('set', 'sInter', 'SINTER', { unordered: true }),
  ofMany('set', 'sUnion', 'SUNION', { unordered: true }),
  ofMany('set', 'sDiff', 'SDIFF', { unordered: true }),
  ofMany('set', 'sInterCard', 'SINTERCARD', { counted: true }),
];

const SORTED_SET_READS = [
  of('sortedSet', 'zScore', 'ZSCORE', member),
  of('sortedSet', 'zmScore', 'ZMSCORE', fc.array(member, { minLength: 1, maxLength: 3 })),
  of('sortedSet', 'zCard', 'ZCARD'),
  of('sortedSet', 'zRank', 'ZRANK', member),
  of('sortedSet', 'zCount', 'ZCOUNT', score, score),
  of('sortedSet', 'zRange', 'ZRANGE', index, index),
  spelled(of('sortedSet', 'zRangeWithScores', 'ZRANGE', index, index), 'WITHSCORES'),
  ofMany('sortedSet', 'zUnion', 'ZUNION', { counted: true }),
  ofMany('sortedSet', 'zUnionWithScores', 'ZUNION', { counted: true, end: ['WITHSCORES'] }),
  ofMany('sortedSet', 'zInter', 'ZINTER', { counted: true }),
  ofMany('sortedSet', 'zInterCard', 'ZINTERCARD', { counted: true }),
  ofMany('sortedSet', 'zDiff', 'ZDIFF', { counted: true }),
];

/** A read of a type of value, of several keys as often as of one where there are such. */
export const READS_OF: Readonly<Record<Type, fc.Arbitrary<Command>>> = {
  string: fc.oneof(of('string', 'get', 'GET'), fc.oneof(...STRING_READS)),
  hash: fc.oneof(of('hash', 'hGetAll', 'HGETALL'), fc.oneof(...HASH_READS)),
  list: fc.oneof(...LIST_READS),
  set: fc.oneof(fc.oneof(...SET_READS.slice(0, -4)), fc.oneof(...SET_READS.slice(-4))),
  sortedSet: fc.oneof(fc.oneof(...SORTED_SET_READS.slice(0, -5)), fc.oneof(...SORTED_SET_READS.slice(-5))),
};

/** A read of anything. */
export const READS: fc.Arbitrary<Command> = fc.oneof(...KEY_READS, ...Object.values(READS_OF));

/** A write whose first key is the target and whose others are only read. */
function storing(type: Type, method: string, name: string, how: { readonly counted?: true } = {}) {
  return fc.tuple(key(type), keysOf(type)).map(([target, sources]): Command => {
    const count = how.counted === true ? [`${sources.length}`] : [];
    return { method, args: [target, sources], wire: [name, target, ...count, ...sources], keys: [target] };
  });
}

const two = (type: Type) => fc.tuple(key(type), key(type));
const pair = fc.constantFrom('LEFT', 'RIGHT');
const PAST = 1;

const STRING_WRITES = [
  of('string', 'set', 'SET', value),
  of('string', 'set', 'SET', value),
  of('string', 'append', 'APPEND', value),
  of('string', 'incrBy', 'INCRBY', score),
  of('string', 'setRange', 'SETRANGE', fc.nat(3), value),
  of('string', 'getDel', 'GETDEL'),
  of('string', 'setBit', 'SETBIT', fc.nat(20), fc.constantFrom(0, 1)),
  fc.array(fc.tuple(key('string'), value), { minLength: 1, maxLength: 3 }).map((pairs) =>
    plain(
      'mSet',
      'MSET',
      [pairs.flat()],
      pairs.map(([name]) => name),
    ),
  ),
  fc.tuple(key('string'), value).map(([name, text]): Command => {
    const script = "redis.call('SET', KEYS[1], ARGV[1])";
    return {
      method: 'eval',
      args: [script, { keys: [name], arguments: [text] }],
      wire: ['EVAL', script, '1', name, text],
      keys: [name],
    };
  }),
];

const KEY_WRITES = [
  anyKey.map((name) => plain('del', 'DEL', [name], [name])),
  fc.array(anyKey, { minLength: 2, maxLength: 3 }).map((keys) => plain('unlink', 'UNLINK', [keys], keys)),
  anyKey.map((name) => plain('expire', 'EXPIRE', [name, 100], [name])),
  anyKey.map((name) => plain('expire', 'EXPIRE', [name, -1], [name])),
  anyKey.map((name) => plain('pExpireAt', 'PEXPIREAT', [name, PAST], [name])),
  anyKey.map((name) => plain('persist', 'PERSIST', [name], [name])),
  fc.tuple(anyKey, anyKey).map((keys) => plain('rename', 'RENAME', keys, keys)),
  fc.tuple(anyKey, anyKey).map(([from, to]) => plain('copy', 'COPY', [from, to], [to])),
];

const HASH_WRITES = [
  fc.tuple(key('hash'), field, value).map(([name, part, text]): Command => {
    return { method: 'hSet', args: [name, { [part]: text }], wire: ['HSET', name, part, text], keys: [name] };
  }),
  of('hash', 'hSet', 'HSET', field, value),
  of('hash', 'hDel', 'HDEL', field),
  of('hash', 'hIncrBy', 'HINCRBY', field, score),
];

const LIST_WRITES = [
  of('list', 'rPush', 'RPUSH', member),
  of('list', 'lPush', 'LPUSH', value),
  of('list', 'lPop', 'LPOP'),
  of('list', 'rPop', 'RPOP'),
  of('list', 'lSet', 'LSET', index, value),
  of('list', 'lTrim', 'LTRIM', index, index),
  fc
    .tuple(two('list'), pair, pair)
    .map(([keys, from, to]) => plain('lMove', 'LMOVE', [...keys, from, to], keys)),
];

const SET_WRITES = [
  of('set', 'sAdd', 'SADD', member),
  of('set', 'sAdd', 'SADD', fc.array(member, { minLength: 1, maxLength: 3 })),
  of('set', 'sRem', 'SREM', member),
  fc.tuple(two('set'), member).map(([keys, which]) => plain('sMove', 'SMOVE', [...keys, which], keys)),
  storing('set', 'sInterStore', 'SINTERSTORE'),
  storing('set', 'sUnionStore', 'SUNIONSTORE'),
];

const SORTED_SET_WRITES = [
  fc.tuple(key('sortedSet'), score, member).map(([name, points, who]): Command => {
    const wire = ['ZADD', name, `${points}`, who];
    return { method: 'zAdd', args: [name, { score: points, value: who }], wire, keys: [name] };
  }),
  of('sortedSet', 'zRem', 'ZREM', member),
  of('sortedSet', 'zIncrBy', 'ZINCRBY', score, member),
  of('sortedSet', 'zPopMin', 'ZPOPMIN'),
  storing('sortedSet', 'zUnionStore', 'ZUNIONSTORE', { counted: true }),
];

export const WRITES_OF: Readonly<Record<Type, fc.Arbitrary<Command>>> = {
  string: fc.oneof(...STRING_WRITES),
  hash: fc.oneof(...HASH_WRITES),
  list: fc.oneof(...LIST_WRITES),
  set: fc.oneof(...SET_WRITES),
  sortedSet: fc.oneof(...SORTED_SET_WRITES),
};

/** A write of anything. */
export const WRITES: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.oneof(...Object.values(WRITES_OF)) },
  { weight: 4, arbitrary: fc.oneof(...KEY_WRITES) },
  { weight: 1, arbitrary: fc.constant<Command>(plain('flushDb', 'FLUSHDB', [], 'all')) },
);

/** Names on the wire of all that changes keys, in capitals. */
export const WRITE_NAMES: ReadonlySet<string> = new Set(
  (
    'SET APPEND INCRBY SETRANGE GETDEL SETBIT MSET EVAL DEL UNLINK EXPIRE PEXPIREAT PERSIST RENAME COPY HSET HDEL ' +
    'HINCRBY RPUSH LPUSH LPOP RPOP LSET LTRIM LMOVE SADD SREM SMOVE SINTERSTORE SUNIONSTORE ZADD ZREM ZINCRBY ' +
    'ZPOPMIN ZUNIONSTORE FLUSHDB FLUSHALL'
  ).split(' '),
);
