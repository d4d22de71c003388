// Sample reads of every type of value, with arguments that all majors take.

/** One command each; keys are named after what they hold. */
export const DATA: readonly (readonly string[])[] = [
  ['SET', 'k:string', 'hällo\nworld'],
  ['SET', 'k:second', 'hallo welt'],
  ['SET', 'k:number', '-17'],
  ['SET', 'k:expiring', 'soon', 'EX', '1000'],
  ['HSET', 'k:hash', 'f', '1', 'g', '', '7', 'y', 'é "', '\u0000'],
  ['RPUSH', 'k:list', 'x', 'y', 'x', '', 'é', 'x'],
  ['SADD', 'k:set', 'x', 'y', '', 'é "'],
  ['SADD', 'k:numbers', '1', '2', '3'],
  ['SADD', 'k:subset', 'x', 'é "'],
  ['ZADD', 'k:sortedSet', '1', 'x', '2.5', 'y', '+inf', 'z', '-0', 'é'],
  ['ZADD', 'k:scores', '10', 'x', '0.1', 'w'],
  ['GEOADD', 'k:places', '13.361389', '38.115556', 'Palermo', '15.087269', '37.502669', 'Catania'],
  ['XADD', 'k:stream', '1-1', 'f', 'v', 'g', ''],
  ['PFADD', 'k:cardinality', 'a', 'b', 'c'],
];

export interface Sample {
  readonly method: string;
  readonly args: readonly unknown[];
  /** The second of two such reads is answered from memory. */
  readonly held: boolean;
}

/** Reads of one key that are documented to be cached. */
const held = (method: string, key: string, ...after: (readonly unknown[])[]): Sample[] =>
  (after.length === 0 ? [[]] : after).map((args) => ({ method, args: [`k:${key}`, ...args], held: true }));
/** The same for reads of several keys, or with the key further behind. */
const heldAll = (method: string, ...calls: (readonly unknown[])[]): Sample[] =>
  calls.map((args) => ({ method, args, held: true }));
/** Reads of which only the reply counts. */
const other = (method: string, ...calls: (readonly unknown[])[]): Sample[] =>
  calls.map((args) => ({ method, args, held: false }));

const STRINGS = [
  ...held('get', 'string'),
  ...held('get', 'number'),
  ...held('get', 'expiring'),
  ...held('get', 'missing'),
  ...held('strLen', 'string'),
  ...held('strLen', 'missing'),
  ...held('getRange', 'string', [0, -1], [0, 0], [2, 1], [-3, -1]),
  ...held('getBit', 'string', [0], [1], [1_000]),
  ...held('bitCount', 'string', [], [{ start: 0, end: 1 }], [{ start: 0, end: 5, mode: 'BIT' }]),
  ...held('bitPos', 'string', [1], [0], [1, 2], [1, 2, 3]),
  ...other(
    'mGet',
    [['k:string', 'k:missing', 'k:number']],
    [['k:hash', 'k:string']],
    [['k:string', 'k:string']],
  ),
  ...heldAll('lcs', ['k:string', 'k:second']),
  ...heldAll('lcsLen', ['k:string', 'k:second']),
  ...heldAll('bitFieldRo', ['k:string', [{ encoding: 'u8', offset: 0 }]]),
  ...other('pfCount', ['k:cardinality']),
];

const KEYS = [
  ...held('type', 'string'),
  ...held('type', 'sortedSet'),
  ...held('type', 'missing'),
  ...held('exists', 'hash'),
  ...held('exists', 'missing'),
  ...heldAll('exists', [['k:string', 'k:missing', 'k:string']], [['k:list']]),
  ...other('touch', [['k:string', 'k:missing']]),
  ...other('objectEncoding', ['k:list']),
  ...other('dump', ['k:missing']),
  ...other('keys', ['k:s*d']),
  ...heldAll('sortRo', ['k:numbers']),
  ...other('sort', ['k:numbers']),
  ...heldAll('expireTime', ['k:string'], ['k:expiring']),
];

const HASHES = [
  ...held('hGet', 'hash', ['f'], ['g'], ['none'], ['é "']),
  ...held('hGet', 'missing', ['f']),
  ...held('hGetAll', 'hash'),
  ...held('hGetAll', 'missing'),
  ...held('hExists', 'hash', ['f'], ['none']),
  ...held('hKeys', 'hash'),
  ...held('hVals', 'hash'),
  ...held('hLen', 'hash'),
  ...held('hmGet', 'hash', ['f'], [['f', 'none', 'g']], [['f g']]),
  ...held('hStrLen', 'hash', ['f'], ['none']),
  ...other('hScan', ['k:hash', '0']),
];

const LISTS = [
  ...held('lRange', 'list', [0, -1], [1, 2], [9, 10]),
  ...held('lRange', 'missing', [0, -1]),
  ...held('lIndex', 'list', [0], [-1], [99]),
  ...held('lLen', 'list'),
  ...held('lPos', 'list', ['x'], ['none'], ['x', { RANK: 2 }], ['x', { RANK: -1, MAXLEN: 3 }]),
  ...held('lPosCount', 'list', ['x', 0], ['none', 0], ['x', 0, { RANK: 2, MAXLEN: 4 }]),
];

const SETS = [
  ...held('sMembers', 'set'),
  ...held('sMembers', 'numbers'),
  ...held('sMembers', 'missing'),
  ...held('sCard', 'set'),
  ...held('sIsMember', 'set', ['x'], ['none'], ['']),
  ...held('smIsMember', 'set', [['x', 'none']], [['none']]),
  ...heldAll('sInter', [['k:set', 'k:subset']], ['k:set']),
  ...heldAll('sUnion', [['k:subset', 'k:numbers']]),
  ...heldAll('sDiff', [['k:set', 'k:subset']]),
  ...heldAll('sInterCard', [['k:set', 'k:subset']], [['k:set', 'k:subset'], 1]),
  ...other('sScan', ['k:numbers', '0']),
];

const PAGE = { LIMIT: { offset: 1, count: 1 } };

const SORTED_SETS = [
  ...held('zScore', 'sortedSet', ['x'], ['z'], ['é'], ['none']),
  ...held('zmScore', 'sortedSet', [['x', 'none', 'z']]),
  ...held('zCard', 'sortedSet'),
  ...held('zCount', 'sortedSet', ['-inf', '+inf'], [1, 2.5], ['(1', Number.POSITIVE_INFINITY]),
  ...held('zLexCount', 'sortedSet', ['-', '+']),
  ...held('zRank', 'sortedSet', ['x'], ['none']),
  ...held('zRevRank', 'sortedSet', ['x'], ['none']),
  ...held(
    'zRange',
    'sortedSet',
    [0, -1],
    [0, -1, { REV: true }],
    [1, '+inf', { BY: 'SCORE', ...PAGE }],
    ['-', '+', { BY: 'LEX' }],
  ),
  ...held('zRangeWithScores', 'sortedSet', [0, -1], [0, 0], [0, -1, { REV: true }]),
  ...held('zRangeByScore', 'sortedSet', ['-inf', '+inf'], [0, '(9', PAGE]),
  ...held('zRangeByScoreWithScores', 'sortedSet', ['-inf', '+inf'], [0, '(9', PAGE]),
  ...held('zRangeByLex', 'sortedSet', ['-', '+'], ['[x', '(z', PAGE]),
  ...heldAll('zUnion', [['k:sortedSet', 'k:scores']]),
  ...heldAll('zUnionWithScores', [['k:sortedSet', 'k:scores']]),
  ...heldAll('zInter', [['k:sortedSet', 'k:scores']]),
  ...heldAll('zInterWithScores', [['k:sortedSet', 'k:scores']]),
  ...heldAll('zInterCard', [['k:sortedSet', 'k:scores']]),
  ...heldAll('zDiff', [['k:sortedSet', 'k:scores']]),
  ...heldAll('zDiffWithScores', [['k:sortedSet', 'k:scores']]),
  ...other('zScan', ['k:scores', '0']),
];

const GEO_AND_STREAMS = [
  ...held('geoDist', 'places', ['Palermo', 'Catania'], ['Palermo', 'Catania', 'km'], ['Palermo', 'none']),
  ...held('geoHash', 'places', ['Palermo'], [['Palermo', 'none', 'Catania']]),
  ...heldAll('geoPos', ['k:places', ['Palermo', 'none']]),
  ...heldAll('geoSearch', ['k:places', 'Catania', { radius: 200, unit: 'km' }]),
  ...heldAll('geoSearchWith', [
    'k:places',
    'Catania',
    { radius: 200, unit: 'km' },
    ['WITHCOORD', 'WITHDIST'],
  ]),
  ...held('xLen', 'stream'),
  ...heldAll('xRange', ['k:stream', '-', '+']),
  ...heldAll('xRevRange', ['k:stream', '+', '-']),
  ...other('xInfoStream', ['k:stream']),
];

export const SAMPLES: readonly Sample[] = [
  ...STRINGS,
  ...KEYS,
  ...HASHES,
  ...LISTS,
  ...SETS,
  ...SORTED_SETS,
  ...GEO_AND_STREAMS,
];

export function title({ method, args }: Sample): string {
  return `${method}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`;
}

/** Two samples of a kind of value, read on a key that holds another kind. */
export const WRONG_TYPE: readonly Sample[] = [
  ...held('get', 'list'),
  ...held('strLen', 'hash'),
  ...held('hGetAll', 'string'),
  ...held('hGet', 'set', ['f']),
  ...held('lRange', 'set', [0, -1]),
  ...held('sMembers', 'list'),
  ...held('zScore', 'string', ['x']),
  ...held('zRangeWithScores', 'list', [0, -1]),
  ...held('xLen', 'string'),
  ...heldAll('sInter', [['k:set', 'k:string']]),
];
