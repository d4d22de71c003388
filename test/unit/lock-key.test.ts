// A lock's key lies in the slot of its value's key, and under the loader's prefix.

import fc from 'fast-check';
import { hashSlot } from 'redis-near-cache';
import { expect, test } from 'vitest';
import { lockKeyOf } from '../../src/load/lock-key.js';

const asItIs = (key: string): string => key;

test.each([
  ['product:', '42', 'product:{product:42}~lock'],
  ['product:', '{42}:stock', 'product:{42}:stock~lock'],
  ['{product:', '42}', '{product:42}~lock'],
])('of %s%s it is %s', (prefix, id, lock) => {
  expect(lockKeyOf(prefix, id, asItIs)).toBe(lock);
});

test('whatever braces the key has, with a prefix of the client or without', () => {
  const text = fc.string({ unit: fc.constantFrom('{', '}', 'a', 'é', ':'), maxLength: 6 });
  fc.assert(
    fc.property(text, text, fc.constantFrom('', 'app:', '{app}'), (prefix, id, own) => {
      const onWire = (key: string): string => own + key;
      const lock = lockKeyOf(prefix, id, onWire);
      expect(hashSlot(onWire(lock))).toBe(hashSlot(onWire(prefix + id)));
      expect(lock.startsWith(prefix)).toBe(true);
      expect(lock).not.toBe(prefix + id);
      expect(lockKeyOf(prefix, id, onWire)).toBe(lock);
    }),
    { numRuns: 150 },
  );
});
