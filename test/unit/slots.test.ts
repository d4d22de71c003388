// Slots by themselves; test/integration/slots.test.ts asks a server about the same functions.

import fc from 'fast-check';
import { groupBySlot, hashSlot, hashTag, NearCacheError } from 'redis-near-cache';
import { describe, expect, test } from 'vitest';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const braced = fc.string({ unit: fc.constantFrom('{', '}', 'a', 'é', '\ud83d') });

describe('the slot of a key', () => {
  test('is that of the cluster specification', () => {
    expect(hashSlot('123456789')).toBe(0x31c3);
    expect(hashSlot('foo{}{bar}')).toBe(8363);
    expect(hashSlot('')).toBe(0);
  });

  test('is decided by a hash tag alone', () => {
    expect(hashSlot('{user1000}.following')).toBe(hashSlot('user1000'));
    expect(hashSlot('foo{{bar}}zap')).toBe(hashSlot('{bar'));
    expect(hashSlot('foo{bar}{zap}')).toBe(hashSlot('bar'));
  });

  test('of a view into a larger buffer is that of the view', () => {
    const bytes = new TextEncoder().encode('xx{é}yy');
    expect(hashSlot(bytes.subarray(2, 6))).toBe(hashSlot('{é}'));
  });
});

test('keys are grouped by slot, in their order', () => {
  const groups = groupBySlot(['b{1}', 'a{2}', 'a{1}', 'b{1}']);
  expect([...groups]).toEqual([
    [hashSlot('1'), ['b{1}', 'a{1}', 'b{1}']],
    [hashSlot('2'), ['a{2}']],
  ]);
  expect(groupBySlot([]).size).toBe(0);
});

describe('a tagged key', () => {
  test('has the tag in front, or the tag of the tag', () => {
    expect(hashTag(':reviews', 'product:42')).toBe('{product:42}:reviews');
    expect(hashTag(':name', 'user:{7}')).toBe('{7}:name');
    expect(hashTag('{x}{y}', 'a{b')).toBe('{a{b}{x}{y}');
  });

  test.each(['', '}', 'a}b', 'a{}b', '{}{b}'])('is refused with the tag %j', (tag) => {
    const refused = expect(() => hashTag('key', tag));
    refused.toThrow(NearCacheError);
    refused.toThrow(expect.objectContaining({ code: 'ERR_NEAR_OPTION' }));
  });

  test(`lives in the slot of its tag, or is refused (SEED=${seed})`, () => {
    let made = 0;
    fc.assert(
      fc.property(braced, braced, (key, tag) => {
        try {
          const tagged = hashTag(key, tag);
          made++;
          return hashSlot(tagged) === hashSlot(tag) && tagged.endsWith(key);
        } catch (error) {
          return error instanceof NearCacheError;
        }
      }),
      { seed, numRuns: 2_000 },
    );
    expect(made).toBeGreaterThan(500);
  });
});
