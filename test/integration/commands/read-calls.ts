// Sample calls of every read command that is cached: on which kind of value, and with which arguments.

/** One key per kind of value, each made by one command, plus one that is missing. */
export const DATA: Readonly<Record<string, readonly string[]>> = {
  string: ['SET', 'k:string', 'hällo\nworld'],
  hash: ['HSET', 'k:hash', 'f', '1', 'g', '', '__proto__', 'x', '7', 'y', 'é "', '\u0000'],
  list: ['RPUSH', 'k:list', 'x', 'y', 'x', '', 'é', 'x'],
  set: ['SADD', 'k:set', 'x', 'y', '', 'é "'],
  numbers: ['SADD', 'k:numbers', '1', '2', '3'],
  sortedSet: ['ZADD', 'k:sortedSet', '1', 'x', '2.5', 'y', '+inf', 'z', '-0', 'é'],
  places: ['GEOADD', 'k:places', '13.36', '38.11', 'Palermo', '15.08', '37.50', 'Catania'],
  sketch: ['PFADD', 'k:sketch', 'x', 'y'],
  stream: ['XADD', 'k:stream', '1-1', 'f', 'v'],
};

export interface ReadCall {
  /** In capitals, as node-redis spells it. */
  readonly command: string;
  /** The kind of value that it reads; `undefined` for any. */
  readonly of: keyof typeof DATA | undefined;
  /** Argument lists after the key. */
  readonly after: readonly (readonly unknown[])[];
}

function read(
  command: string,
  of: keyof typeof DATA | undefined,
  ...after: (readonly unknown[])[]
): ReadCall {
  return { command, of, after: after.length === 0 ? [[]] : after };
}

const PAGE = { LIMIT: { offset: 1, count: 1 } };

export const READ_CALLS: readonly ReadCall[] = [
  read('BITCOUNT', 'string', [], [{ start: 0, end: 1 }], [{ start: 0, end: 5, mode: 'BIT' }]),
  read('BITPOS', 'string', [1], [0], [1, 2], [1, 2, 3], [1, 2, 9, 'BIT']),
  read('GET', 'string'),
  read('GETBIT', 'string', [0], [1], [1_000]),
  read('GETRANGE', 'string', [0, -1], [0, 1], [1, 1], [2, 1], [-3, -1]),
  read('STRLEN', 'string'),
  read('EXISTS', undefined),
  read('TYPE', undefined),
  read('HEXISTS', 'hash', ['f'], ['none'], ['']),
  read('HGET', 'hash', ['f'], ['g'], ['none'], ['__proto__'], ['é "']),
  read('HGETALL', 'hash'),
  read('HKEYS', 'hash'),
  read('HLEN', 'hash'),
  read('HMGET', 'hash', ['f'], [['f']], [['f', 'g']], [['g', 'f', 'none']], [['f g']], [['f', 'f']]),
  read('HSTRLEN', 'hash', ['f'], ['none']),
  read('HVALS', 'hash'),
  read('LINDEX', 'list', [0], [-1], [99]),
  read('LLEN', 'list'),
  read('LPOS', 'list', ['x'], ['none'], ['x', { RANK: 2 }], ['x', { RANK: -1, MAXLEN: 3 }]),
  read('LPOS_COUNT', 'list', ['x', 0], ['none', 0], ['x', 2], ['x', 0, { RANK: 2, MAXLEN: 4 }]),
  read('LRANGE', 'list', [0, -1], [0, 0], [1, 2], [9, 10]),
  read('SCARD', 'set'),
  read('SISMEMBER', 'set', ['x'], ['none'], ['']),
  read('SMEMBERS', 'set'),
  read('SMEMBERS', 'numbers'),
  read('SMISMEMBER', 'set', [['x']], [['x', 'none']], [['none', 'x']]),
  read('ZCARD', 'sortedSet'),
  read('ZCOUNT', 'sortedSet', ['-inf', '+inf'], [1, 2.5], ['(1', Number.POSITIVE_INFINITY]),
  read('ZLEXCOUNT', 'sortedSet', ['-', '+'], ['[x', '(z']),
  read('ZMSCORE', 'sortedSet', ['x'], [['x', 'none', 'z']], [['z', 'é']]),
  read(
    'ZRANGE',
    'sortedSet',
    [0, -1],
    [0, -1, { REV: true }],
    [1, '+inf', { BY: 'SCORE', ...PAGE }],
    ['-', '+', { BY: 'LEX' }],
  ),
  read('ZRANGEBYLEX', 'sortedSet', ['-', '+'], ['[x', '(z', PAGE]),
  read('ZRANGEBYSCORE', 'sortedSet', ['-inf', '+inf'], [1, 2], [0, '(9', PAGE]),
  read('ZRANGEBYSCORE_WITHSCORES', 'sortedSet', ['-inf', '+inf'], [1, 2], [0, '(9', PAGE]),
  read('ZRANGE_WITHSCORES', 'sortedSet', [0, -1], [0, 0], [0, -1, { REV: true }]),
  read('ZRANK', 'sortedSet', ['x'], ['none']),
  read('ZREVRANK', 'sortedSet', ['x'], ['none']),
  read('ZSCORE', 'sortedSet', ['x'], ['z'], ['é'], ['none']),
  read('GEODIST', 'places', ['Palermo', 'Catania'], ['Palermo', 'Catania', 'km'], ['Palermo', 'none']),
  read('GEOHASH', 'places', ['Palermo'], [['Palermo', 'none', 'Catania']]),
  read('GEOPOS', 'places', ['Palermo'], [['Palermo', 'none']]),
  read('GEOSEARCH', 'places', ['Palermo', { radius: 500, unit: 'km' }]),
  read('GEOSEARCH_WITH', 'places', ['Palermo', { radius: 500, unit: 'km' }, ['WITHDIST', 'WITHCOORD']]),
  read('GEORADIUS_RO', 'places', [{ longitude: 15, latitude: 37 }, 200, 'km']),
  read('GEORADIUS_RO_WITH', 'places', [{ longitude: 15, latitude: 37 }, 200, 'km', ['WITHDIST']]),
  read('GEORADIUSBYMEMBER_RO', 'places', ['Palermo', 500, 'km']),
  read('GEORADIUSBYMEMBER_RO_WITH', 'places', ['Palermo', 500, 'km', ['WITHDIST']]),
  read('XLEN', 'stream'),
  read('XRANGE', 'stream', ['-', '+'], ['2', '+']),
  read('XREVRANGE', 'stream', ['+', '-']),
  read('SORT_RO', 'numbers', [], [{ DIRECTION: 'DESC' }]),
  read('BITFIELD_RO', 'string', [[{ encoding: 'u8', offset: 0 }]]),
  read('EXPIRETIME', undefined),
  read('PEXPIRETIME', undefined),
  read('LCS', 'string', ['k:string'], ['k:missing']),
  read('LCS_LEN', 'string', ['k:string']),
  read('LCS_IDX', 'string', ['k:string']),
  read('LCS_IDX_WITHMATCHLEN', 'string', ['k:string']),
];

/** Sample calls of reads of several keys, with all their arguments. */
export const MULTI_KEY_CALLS: readonly { readonly command: string; readonly args: readonly unknown[] }[] = [
  { command: 'EXISTS', args: [['k:set', 'k:numbers', 'k:missing']] },
  { command: 'SDIFF', args: [['k:set', 'k:numbers']] },
  { command: 'SINTER', args: [['k:numbers', 'k:set']] },
  { command: 'SINTERCARD', args: [['k:numbers', 'k:set']] },
  { command: 'SINTERCARD', args: [['k:numbers', 'k:set'], 1] },
  { command: 'SUNION', args: [['k:numbers', 'k:set']] },
  { command: 'ZDIFF', args: [['k:sortedSet', 'k:missing']] },
  { command: 'ZDIFF_WITHSCORES', args: [['k:sortedSet', 'k:missing']] },
  { command: 'ZINTER', args: [['k:sortedSet', 'k:places'], { AGGREGATE: 'MAX' }] },
  { command: 'ZINTER_WITHSCORES', args: [['k:sortedSet', 'k:sortedSet']] },
  { command: 'ZINTERCARD', args: [['k:sortedSet', 'k:places']] },
  { command: 'ZUNION', args: [['k:sortedSet', 'k:places']] },
  { command: 'ZUNION_WITHSCORES', args: [['k:sortedSet', 'k:places'], { WEIGHTS: [1, 2] }] },
  { command: 'LCS', args: ['k:string', 'k:missing'] },
  { command: 'PFCOUNT', args: ['k:sketch'] },
  { command: 'PFCOUNT', args: [['k:sketch', 'k:missing']] },
];
