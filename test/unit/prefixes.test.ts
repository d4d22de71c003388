// Coverage and longest match, against their definitions.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coverageOf, PrefixRegistry } from '../../src/cache/prefixes.js';

const SETTINGS = { ttl: 1, maxEntries: undefined, cacheNil: true };
const names = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ':', 'ü', '🔑'), maxLength: 5 }), {
  maxLength: 12,
});

test('coverage covers everything, overlaps nowhere and adds nothing', () => {
  fc.assert(
    fc.property(names, (prefixes) => {
      const coverage = coverageOf(prefixes);
      for (const prefix of prefixes)
        expect(coverage.filter((name) => prefix.startsWith(name))).toHaveLength(1);
      for (const name of coverage) {
        expect(prefixes).toContain(name);
        expect(coverage.filter((other) => other.startsWith(name))).toEqual([name]);
      }
    }),
  );
});

test('coverage does not overlap in bytes either', () => {
  fc.assert(
    fc.property(names, (prefixes) => {
      const bytes = coverageOf(prefixes).map((name) => Buffer.from(name));
      for (const [i, a] of bytes.entries()) {
        for (const [j, b] of bytes.entries()) {
          if (i !== j) expect(a.subarray(0, b.length).equals(b)).toBe(false);
        }
      }
    }),
  );
});

test('the longest registered prefix matches', () => {
  fc.assert(
    fc.property(names, names, (prefixes, keys) => {
      const registry = new PrefixRegistry();
      for (const prefix of prefixes) registry.add(prefix, SETTINGS);
      for (const key of keys) {
        const longest = prefixes
          .filter((name) => key.startsWith(name))
          .sort((a, b) => b.length - a.length)[0];
        expect(registry.match(key)?.name).toBe(longest);
      }
    }),
  );
});
