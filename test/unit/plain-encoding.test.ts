// Commands that are taken to go on the wire as they are called, against what the clients of all majors make of them.

import { createClient as createV6 } from '@redis/client';
import fc from 'fast-check';
import { createClient as createV4 } from 'redis-client-v4';
import { createClient as createV5 } from 'redis-client-v5';
import { describe, expect, test } from 'vitest';
import { adapterOf } from '../../src/client/adapters.js';
import { PlainEncoding } from '../../src/client/plain-encoding.js';

const CLIENTS = {
  v4: () => createV4(),
  v5: () => createV5(),
  v6: () => createV6(),
  'v6 with a key prefix': () => createV6({ keyPrefix: 'own:' } as object),
};

/** Words that mean something to one command or another, keys, and what is hard to tell apart. */
const word = fc.constantFrom(
  ...'k:1 k:2 NX XX GET EX STORE WITHSCORES WITHVALUES BYSCORE LIMIT LEFT BEFORE COUNT FIRST u8 #0 0 1 -1 + - * $ ['.split(
    ' ',
  ),
  '',
  'ключ',
);

function methodsOf(client: object): string[] {
  const names = new Set<string>();
  for (let level = client; level !== Object.prototype; level = Object.getPrototypeOf(level))
    for (const name of Object.getOwnPropertyNames(level)) if (/^[a-z]\w*$/.test(name)) names.add(name);
  return [...names];
}

describe.each(Object.entries(CLIENTS))('%s', (_, make) => {
  const adapter = adapterOf(make());
  const { keyPrefix } = adapter;
  const commands = methodsOf(adapter.client).filter((name) => adapter.isCommand(name));

  test('what is taken for plain is what the client sends', () => {
    expect(keyPrefix).toBeDefined();
    expect(commands.length).toBeGreaterThan(200);
    const plain = new Map(
      commands.map((name) => [name, new PlainEncoding(name.toUpperCase(), keyPrefix ?? '')]),
    );
    const taken = new Set<string>();
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (args) => {
        for (const [name, encoding] of plain) {
          const guess = encoding.of(args);
          const wire = adapter.encode([name], args);
          if (guess !== undefined && wire !== undefined) {
            taken.add(name);
            expect(guess, name).toEqual([...wire]);
          }
          if (wire !== undefined) encoding.learn(args, wire);
        }
      }),
      { numRuns: 300 },
    );
    expect([...taken]).toEqual(
      expect.arrayContaining(['get', 'set', 'hGet', 'hGetAll', 'incr', 'sIsMember']),
    );
  });
});

test('only texts are plain', () => {
  const encoding = new PlainEncoding('SET', '');
  expect(encoding.of(['k:1', 'value'])).toBeUndefined();
  encoding.learn(['k:1', 'value'], ['SET', 'k:1', 'value']);
  expect(encoding.of(['k:2', 'other'])).toEqual(['SET', 'k:2', 'other']);
  expect(encoding.of([Buffer.from('k:1'), 'value'])).toBeUndefined();
  expect(encoding.of(['k:1', 1])).toBeUndefined();
  expect(encoding.of(['k:1', 'value', { EX: 1 }])).toBeUndefined();
});

test('a script that goes by the name of a command is not', () => {
  const encoding = new PlainEncoding('GET', '');
  encoding.learn(['k:1'], ['EVALSHA', 'abc', '1', 'k:1']);
  expect(encoding.of(['k:1'])).toBeUndefined();
});

test('commands of several keys are not', () => {
  const encoding = new PlainEncoding('DEL', '');
  encoding.learn(['k:1'], ['DEL', 'k:1']);
  expect(encoding.of(['k:1'])).toBeUndefined();
});
