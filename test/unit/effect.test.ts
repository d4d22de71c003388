// What a command on the wire does to the cache: which keys it drops, and when it has to raise a barrier because they
// can't be known. The table of commands is checked against real servers in integration/commands/wire-table.test.ts.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectOf, effectOfAll, NO_EFFECT, UNKNOWN, type WireCommand } from '../../src/client/effect.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const words = (line: string): string[] => line.split(' ');

describe('the keys of', () => {
  const commands: Record<string, readonly string[]> = {
    'SET k v': ['k'],
    'MSET k v k2 v': ['k', 'k2'],
    'DEL k k2 k3': ['k', 'k2', 'k3'],
    'BLPOP k k2 0': ['k', 'k2'],
    'BITOP AND k a b': ['k'],
    'RENAME k k2': ['k', 'k2'],
    'XGROUP CREATE k g $ MKSTREAM': ['k'],
    'LMPOP 2 k k2 LEFT COUNT 3': ['k', 'k2'],
    'BLMPOP 0 2 k k2 LEFT': ['k', 'k2'],
    'EVAL script 2 k k2 argument': ['k', 'k2'],
    'FCALL name 1 k argument': ['k'],
    'SORT k': ['k'],
    'SORT k BY nosort GET # LIMIT 0 5 STORE k2': ['k', 'k2'],
    'SORT k GET STORE STORE k2': ['k', 'STORE', 'k2'],
    'GEORADIUS k 1 2 3 km STOREDIST k2 STORE k3': ['k', 'k2', 'k3'],
    'XREADGROUP GROUP g c STREAMS k >': ['k'],
    'XREADGROUP GROUP g c COUNT 1 BLOCK 0 NOACK STREAMS k k2 > 0-0': ['k', 'k2'],
    'MSETEX 2 k v k2 v EX 5': ['k', 'k2'],
    'HIMPORT SET k fields v v': ['k'],
    'BLESS SET k NO-EVICT': ['k'],
    'JSON.MSET k $ 1 k2 $ 2': ['k', 'k2'],
    'TS.MADD k 1 1 k2 1 1': ['k', 'k2'],
    'TS.CREATERULE k k2 AGGREGATION avg 5': ['k', 'k2'],
    'TDIGEST.MERGE k 2 a b': ['k'],
    'MIGRATE host 6379 k 0 5000 REPLACE': ['k'],
    'MIGRATE host 6379 keys 0 5000': ['keys'],
    'MIGRATE host 6379 k 0 5000 AUTH2 user secret': ['k'],
  };
  test.each(Object.entries(commands))('%s', (line, keys) => {
    expect(effectOf(words(line))).toEqual({ ...NO_EFFECT, keys });
  });

  test('MIGRATE are those after KEYS, where its one key is empty', () => {
    const command = ['MIGRATE', 'host', '6379', '', '0', '5000', 'AUTH', 'secret', 'KEYS', 'k', 'k2'];
    expect(effectOf(command).keys).toEqual(['k', 'k2']);
  });
});

describe('the keys that it tells of, of', () => {
  const commands: Record<string, readonly string[]> = {
    'GET k': ['k'],
    'EXISTS k k2 k': ['k', 'k2', 'k'],
    'LCS k k2 IDX': ['k', 'k2'],
    'PFCOUNT k k2': ['k', 'k2'],
    'SINTERCARD 2 k k2 LIMIT 1': ['k', 'k2'],
    'XREAD COUNT 1 STREAMS k k2 0 0': ['k', 'k2'],
    'MEMORY USAGE k SAMPLES 5': ['k'],
    'JSON.MGET k k2 $.path': ['k', 'k2'],
    'TS.NRANGE 2 k k2 - +': ['k', 'k2'],
  };
  test.each(Object.entries(commands))('%s', (line, observes) => {
    expect(effectOf(words(line))).toEqual({ ...NO_EFFECT, observes });
  });
});

describe('a subcommand is told from its like:', () => {
  test.each(['HIMPORT PREPARE fields f', 'BLESS SCAN 0 NO-EVICT', 'MEMORY DOCTOR'])('%s', (line) => {
    expect(effectOf(words(line))).toEqual(NO_EFFECT);
  });

  test('in small letters and as bytes', () => {
    expect(effectOf(words('himport set k fields v')).keys).toEqual(['k']);
    expect(effectOf(words('himport set k fields v').map(bytes)).keys).toEqual(['k']);
    expect(effectOf(words('cluster reset'))).toEqual({ ...NO_EFFECT, flush: true });
  });
});

describe('a word of the syntax that stands for something else does not hide a key:', () => {
  const commands: Record<string, string> = {
    'a group named streams': 'XREADGROUP GROUP streams c STREAMS k >',
    'a consumer named STREAMS': 'XREADGROUP GROUP g STREAMS STREAMS k >',
    'a user named keys': 'MIGRATE host 6379 k 0 5000 AUTH2 keys secret',
    'a user named KEYS in front of two keys': 'MIGRATE host 6379  0 5000 AUTH2 KEYS secret KEYS k k2',
  };
  test.each(Object.entries(commands))('%s', (_, line) => {
    const effect = effectOf(words(line));
    expect(effect.unknown || effect.keys.includes('k')).toBe(true);
  });
});

describe('names and keys are read', () => {
  test('in small letters', () => {
    expect(effectOf(['set', 'K', 'v']).keys).toEqual(['K']);
    expect(effectOf(words('xreadgroup group g c streams k >')).keys).toEqual(['k']);
    expect(effectOf(words('sort k store k2')).keys).toEqual(['k', 'k2']);
    expect(effectOf(['get', 'k'])).toEqual({ ...NO_EFFECT, observes: ['k'] });
  });

  test('as bytes', () => {
    expect(effectOf([bytes('set'), bytes('k'), bytes('v')]).keys).toEqual(['k']);
    expect(effectOf(words('EVAL script 1 k').map(bytes)).keys).toEqual(['k']);
    expect(effectOf(words('SORT k STORE k2').map(bytes)).keys).toEqual(['k', 'k2']);
    expect(effectOf(['SET', new Uint8Array([107]), 'v']).keys).toEqual(['k']);
  });

  test('as the name under which they would be held', () => {
    expect(effectOf(['SET', Buffer.from([0xff]), 'v']).keys).toEqual(['\ufffd']);
    expect(effectOf(['SET', 'k\ud800', 'v']).keys).toEqual(['k\ufffd']);
    expect(effectOf(['SET', bytes('ключ'), 'v']).keys).toEqual(['ключ']);
  });
});

describe('a barrier is raised by', () => {
  const commands: Record<string, WireCommand> = {
    'a command that is not in the table': ['NO.SUCH', 'k', '$', '1'],
    'a subcommand that is not in the table': ['HIMPORT', 'ALL', 'k'],
    'a container without subcommand': ['HIMPORT'],
    'an index that may be dropped with its documents': ['FT.DROPINDEX', 'index', 'DD'],
    'a count of pairs that is no number': ['MSETEX', 'k', 'v'],
    'a name that only objects know': ['constructor', 'k'],
    'no command at all': [],
    'a name that is no text': [7, 'k'],
    'a script without keys': ['EVAL', 'script', '0', 'argument'],
    'a script without a count': ['EVAL', 'script'],
    'a count that is no number': ['EVAL', 'script', 'two', 'k', 'k2'],
    'a count that is not whole': ['EVAL', 'script', '1.5', 'k', 'k2'],
    'a count without end': ['EVAL', 'script', 'Infinity', 'k'],
    'an empty count': ['LMPOP', '', 'k', 'LEFT'],
    'a negative count': ['EVAL', 'script', '-1', 'k'],
    'a write without its key': ['SET'],
    'a write of no keys': ['DEL'],
    'a key that is neither text nor bytes': ['SET', 7, 'v'],
    'one such key among others': ['DEL', 'k', null],
    'a STORE without a key': ['SORT', 'k', 'STORE'],
    'XREADGROUP without STREAMS': words('XREADGROUP GROUP g c'),
    'XREADGROUP without keys': words('XREADGROUP GROUP g c STREAMS'),
    'MIGRATE with KEYS and no key': ['MIGRATE', 'host', '6379', '', '0', '5000', 'KEYS'],
  };
  test.each(Object.entries(commands))('%s', (_, command) => {
    expect(effectOf(command)).toEqual(UNKNOWN);
  });
});

test('a count beyond the arguments takes what is there', () => {
  expect(effectOf(['EVAL', 'script', '9007199254740993', 'k', 'k2']).keys).toEqual(['k', 'k2']);
  expect(effectOf(['LMPOP', '99', 'k']).keys).toEqual(['k']);
});

test('flushes, holds and releases are told apart', () => {
  for (const name of ['FLUSHALL', 'SWAPDB', 'REPLICAOF']) {
    expect(effectOf([name, '0'])).toEqual({ ...NO_EFFECT, flush: true });
  }
  for (const name of ['SELECT', 'AUTH', 'HELLO', 'RESET']) {
    expect(effectOf([name, '0'])).toEqual({ ...NO_EFFECT, flush: true, stray: true });
  }
  for (const name of ['WATCH', 'MULTI']) expect(effectOf([name, 'k'])).toEqual({ ...NO_EFFECT, hold: true });
  for (const name of ['UNWATCH', 'DISCARD', 'EXEC']) {
    expect(effectOf([name])).toEqual({ ...NO_EFFECT, release: true });
  }
});

test('commands sent together have the effects of all of them', () => {
  const commands = [
    ['SET', 'k', 'v'],
    ['GET', 'k2'],
    ['DEL', 'k3', 'k4'],
    ['SELECT', '1'],
    ['NO.SUCH', 'k5'],
  ];
  expect(effectOfAll(commands)).toEqual({
    keys: ['k', 'k3', 'k4'],
    observes: ['k2'],
    flush: true,
    stray: true,
    unknown: true,
    hold: false,
    release: false,
  });
  expect(effectOfAll([])).toEqual(NO_EFFECT);
});

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`no arguments make it throw (SEED=${seed})`, () => {
  const name = fc.constantFrom(
    'EVAL',
    'LMPOP',
    'BZMPOP',
    'SORT',
    'XREADGROUP',
    'MIGRATE',
    'BLPOP',
    'MSET',
    'SET',
  );
  const counts = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double()).map(String);
  const syntax = fc.constantFrom('STREAMS', 'STORE', 'KEYS', '');
  const argument = fc.oneof(fc.string(), fc.uint8Array(), counts, syntax, fc.anything());
  fc.assert(
    fc.property(name, fc.array(argument, { maxLength: 10 }), (first, rest) => {
      const effect = effectOf([first, ...rest]);
      for (const key of effect.keys) expect(key.isWellFormed()).toBe(true);
    }),
    { seed, numRuns: 2_000 },
  );
});
