// The store by itself: what is found among the hot entries is what the LRU holds.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeReply } from '../../src/cache/entry.js';
import { Lease } from '../../src/cache/lease.js';
import { Prefix } from '../../src/cache/prefix.js';
import { Store } from '../../src/cache/store.js';

const prefix = new Prefix('k:', { ttl: 1_000, maxEntries: undefined, cacheNil: true });
const small = new Prefix('s:', { ttl: 1_000, maxEntries: 2, cacheNil: true });
const lease = new Lease();
let order = 0;

const reply = (value: string) => makeReply('GET', value, 1_000, ++order);
const open = (bounds: { maxEntries?: number; maxBytes?: number } = {}) =>
  new Store({ maxEntries: 1_000, maxBytes: 10_000_000, onEvict: () => {}, ...bounds });

test('whatever happens, what is looked up is what is held', () => {
  const key = fc.constantFrom('k:1', 'k:2', 'k:3', 'k:a long name of a key', 's:1', 's:2', 's:3');
  const step = fc.oneof(
    fc.record({ does: fc.constantFrom('put', 'look', 'get', 'delete'), key }),
    fc.record({ does: fc.constantFrom('clear', 'delete long ones'), key }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom({ maxEntries: 3 }, { maxBytes: 900 }, {}),
      (steps, bounds) => {
        const store = open(bounds);
        for (const { does, key } of steps) {
          if (does === 'put') store.put(key, reply(key), key.startsWith('s:') ? small : prefix, lease, 0);
          else if (does === 'look') store.look(key);
          else if (does === 'get') store.get(key);
          else if (does === 'delete') store.delete(key);
          else if (does === 'clear') store.clear();
          else store.deleteWhere((name) => name.length > 5);
          for (const name of ['k:1', 'k:2', 'k:3', 'k:a long name of a key', 's:1', 's:2', 's:3'])
            expect(store.look(name)).toBe(store.peek(name));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('more entries than have a place among the hot ones are found all the same', () => {
  const store = open({ maxEntries: 20_000 });
  const keys = Array.from({ length: 10_000 }, (_, index) => `k:${index}`);
  for (const key of keys) store.put(key, reply(key), prefix, lease, 0);
  // Often enough that places are given away anew.
  for (let round = 0; round < 20; round++)
    for (const key of keys)
      if (store.get(key)?.find('GET')?.value !== key) throw new Error(`${key} is lost.`);
  for (const key of keys) store.delete(key);
  expect(keys.filter((key) => store.look(key) !== undefined)).toEqual([]);
});

test('what was used since it was looked at for room gets a second chance', () => {
  const store = open({ maxEntries: 3 });
  for (const key of ['k:1', 'k:2', 'k:3']) store.put(key, reply(key), prefix, lease, 0);
  store.get('k:1');
  store.put('k:4', reply('k:4'), prefix, lease, 0);
  expect(store.look('k:1')).toBeDefined();
  expect(store.look('k:2')).toBeUndefined();
});

test('an entry that leaves the hot ones keeps nothing for hits', () => {
  const store = open();
  store.put('k:1', reply('one'), prefix, lease, 0);
  const entry = store.get('k:1');
  expect(entry?.isHot).toBe(true);
  if (entry !== undefined) entry.handOut = Promise.resolve('one');
  store.delete('k:1');
  expect(entry).toMatchObject({ isHot: false, handOut: undefined });
});
