// Replies that hang on several keys, and replies of several connections: the coherence core by itself.

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Coherence } from '../../src/cache/coherence.js';
import type { Lease } from '../../src/cache/lease.js';
import { Session } from '../../src/tracking/session.js';

let time: number;
let core: Coherence;
let lease: Lease;
let session: Session;

interface Bounds {
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  readonly ordered?: boolean;
  readonly evicted?: (key: string) => void;
}

function open({ evicted = () => {}, ...bounds }: Bounds = {}): void {
  time = 0;
  core = new Coherence({
    maxEntries: 100,
    maxBytes: 1_000_000,
    ttl: 60_000,
    maxStaleness: 1_000,
    clock: () => time,
    observer: { flushed() {}, evicted, servingChanged() {}, proofWanted() {} },
    ...bounds,
  });
  core.register('k:', { ttl: 60_000, maxEntries: undefined, cacheNil: true });
  core.register('short:', { ttl: 100, maxEntries: undefined, cacheNil: true });
  lease = core.leases.open();
  session = new Session(core, lease);
  session.arm(core.prefixes.all());
}
beforeEach(() => open());

function prefix() {
  const found = core.prefixes.match('k:a');
  if (found === undefined) throw new Error('No prefix.');
  return found;
}

const INTER = 'SINTER k:b';
const depart = (others: readonly string[] = ['k:b'], id = INTER) =>
  core.depart('k:a', id, prefix(), lease, { others });
const hold = (others?: readonly string[], id = INTER) =>
  core.land(depart(others, id), id, ['x'], { exists: true, remaining: Number.POSITIVE_INFINITY });
const single = (key: string, id: string, value: unknown) =>
  core.land(core.depart(key, id, prefix(), lease), id, value, undefined);
const held = (id = INTER): unknown => core.lookup('k:a', id);

describe('a reply that hangs on several keys', () => {
  test('goes when any of them changes', () => {
    for (const key of ['k:a', 'k:b', 'k:c']) {
      hold(['k:b', 'k:c']);
      expect(held()).toEqual(['x']);
      core.invalidate(key);
      expect(held(), `${key} changed`).toBeUndefined();
    }
    expect(core.store.entries, 'ties are gone with it').toBe(0);
    expect(core.store.bytes).toBe(0);
  });

  test('leaves other replies of its keys alone, and they leave it', () => {
    time = 5;
    single('k:a', 'SMEMBERS', ['x', 'y']);
    single('k:b', 'SMEMBERS', ['x']);
    hold();
    core.invalidate('k:b');
    // What was read later may tell of a state that the earlier reply is older than, until that is proven.
    expect(held('SMEMBERS')).toBeUndefined();
    core.prove(lease, 6);
    expect(core.lookup('k:a', 'SMEMBERS')).toEqual(['x', 'y']);
  });

  test('is not stored when any of them changes while it is on its way', () => {
    for (const key of ['k:a', 'k:b']) {
      const flight = depart();
      core.invalidate(key);
      expect(core.join('k:a', INTER, prefix())).toBeUndefined();
      expect(core.land(flight, INTER, ['x'], undefined), key).toBe(false);
    }
  });

  test('does not meet a flight of the same name under its further key', () => {
    depart(['k:b'], 'SINTER k:b');
    expect(core.join('k:b', 'SINTER k:b', prefix())).toBeUndefined();
  });

  test('lives for as long as the shortest of its prefixes', () => {
    hold(['short:1']);
    time = 99;
    expect(held()).toEqual(['x']);
    time = 100;
    expect(held()).toBeUndefined();
  });

  test('is not stored when one of its keys is not tracked', () => {
    core.register('new:', { ttl: 60_000, maxEntries: undefined, cacheNil: true });
    expect(hold(['new:1'])).toBe(false);
    expect(hold(['elsewhere'])).toBe(false);
    expect(core.store.entries).toBe(0);
  });

  test('goes when a prefix of its keys is unregistered or registered anew', () => {
    hold(['short:1']);
    core.unregister('short:');
    expect(held()).toBeUndefined();
    hold();
    core.register('k:b', { ttl: 60_000, maxEntries: undefined, cacheNil: true });
    expect(held()).toBeUndefined();
    const flight = depart(['k:b']);
    core.unregister('k:b');
    core.register('k:b', { ttl: 60_000, maxEntries: undefined, cacheNil: true });
    expect(core.land(flight, INTER, ['x'], undefined)).toBe(false);
  });

  test('goes when the entry of a further key has to make room', () => {
    open({ maxEntries: 3 });
    hold(['k:b']);
    single('k:c', 'GET', 'c');
    held();
    single('k:d', 'GET', 'd');
    expect(core.store.entries).toBeLessThanOrEqual(3);
    if (held() !== undefined) {
      core.invalidate('k:b');
      expect(held()).toBeUndefined();
    }
  });

  test('is never held without its ties, whatever has to make room', () => {
    open({ maxEntries: 2 });
    hold(['k:b', 'k:c', 'k:d']);
    expect(held()).toBeUndefined();
    expect(core.store.entries).toBe(0);
    open({ maxBytes: 700 });
    hold(['k:b', 'k:c', 'k:d']);
    expect(held()).toBeUndefined();
    expect(core.store.bytes).toBeLessThanOrEqual(700);
  });

  test('is held back when something newer was seen of a further key', () => {
    time = 5;
    hold();
    core.observed('k:b');
    expect(held()).toBeUndefined();
    hold();
    single('k:b', 'SMEMBERS', ['x', 'news']);
    expect(held()).toBe(undefined);
    expect(core.suspected('k:a', INTER)).toBeDefined();
  });
});

test('whatever makes room for whatever, no reply outlives a change of one of its keys', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f').map((name) => `k:${name}`);
  const step = fc.record({
    does: fc.constantFrom('several', 'several', 'one', 'large', 'change', 'see'),
    keys: fc.uniqueArray(key, { minLength: 2, maxLength: 4 }),
  });
  const bounds = fc.constantFrom({ maxEntries: 4 }, { maxBytes: 2_500 }, { maxEntries: 3, maxBytes: 1_500 });
  fc.assert(
    fc.property(bounds, fc.boolean(), fc.array(step, { maxLength: 60 }), (bound, meddles, steps) => {
      const changed = new Map<string, number>();
      let now = 0;
      open({ ...bound, evicted: (evicted) => meddles && core.drop(evicted) });
      for (const { does, keys } of steps) {
        now++;
        const [first = 'k:a', ...others] = keys;
        const land = (id: string, value: unknown, terms = {}): unknown =>
          core.land(core.depart(first, id, prefix(), lease, terms), id, value, undefined);
        if (does === 'several') land(`SUNION ${others.join(' ')}`, { as: now, of: keys }, { others });
        if (does === 'one') land('GET', now);
        if (does === 'large') land('GET', 'x'.repeat(900));
        if (does === 'see') core.observed(first);
        if (does === 'change') {
          changed.set(first, now);
          core.invalidate(first);
        }
        for (const entry of ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => core.store.peek(`k:${name}`))) {
          for (const { value } of entry?.replies() ?? []) {
            if (typeof value !== 'object') continue;
            const { as, of } = value as { as: number; of: string[] };
            for (const each of of) expect(changed.get(each) ?? 0).toBeLessThanOrEqual(as);
          }
        }
      }
      for (const name of 'abcdef') core.invalidate(`k:${name}`);
      expect([core.store.entries, core.store.bytes]).toEqual([0, 0]);
    }),
    { numRuns: 500 },
  );
});

test('several entries that make room at once take their ties with them, and no others', () => {
  open({ maxBytes: 4_000 });
  const union = (first: string, other: string): void => {
    const terms = { others: [other] };
    core.land(
      core.depart(first, `SINTER ${other}`, prefix(), lease, terms),
      `SINTER ${other}`,
      ['m'],
      undefined,
    );
  };
  union('k:x', 'k:t');
  union('k:y', 'k:u');
  union('k:t', 'k:o');
  single('k:u', 'SMEMBERS', ['m']);
  single('k:big', 'GET', 'b'.repeat(2_300));
  core.invalidate('k:o');
  expect(core.lookup('k:t', 'SINTER k:o')).toBeUndefined();
});

describe('a key that changed and changed back between two reads that say the same', () => {
  test('casts doubt on what was read in between', () => {
    single('k:a', 'LRANGE', []);
    single('k:a', 'LRANGE in bytes', ['1']);
    time = 5;
    single('k:a', 'LRANGE', []);
    expect(core.lookup('k:a', 'LRANGE in bytes')).toBeUndefined();
    expect(core.lookup('k:a', 'LRANGE')).toEqual([]);
  });

  test('also where that hangs on several keys', () => {
    single('k:b', 'SMEMBERS', ['y']);
    hold();
    time = 5;
    single('k:b', 'SMEMBERS', ['y']);
    expect(held()).toBeUndefined();
    hold();
    single('k:b', 'SMEMBERS', ['x']);
    time = 10;
    hold();
    expect(core.lookup('k:b', 'SMEMBERS')).toBeUndefined();
  });
});

describe('replies of several connections', () => {
  test('are not stored when they were asked for before another one of the key arrived', () => {
    open({ ordered: false });
    const early = core.depart('k:a', 'HGET f', prefix(), lease);
    const late = core.depart('k:a', 'HGET g', prefix(), lease);
    expect(core.land(late, 'HGET g', 'new', undefined)).toBe(true);
    expect(core.land(early, 'HGET f', 'old', undefined)).toBe(false);
  });

  test('also when the reply hangs on the key as a further one', () => {
    open({ ordered: false });
    const early = depart();
    expect(single('k:b', 'SMEMBERS', ['x'])).toBe(true);
    expect(core.land(early, INTER, ['x'], undefined)).toBe(false);
  });
});

test('what was made of a held reply goes with it', () => {
  single('k:a', 'GET', '{"n":1}');
  core.derive('k:a', 'GET', '{"n":1}', 'decoded', { n: 1 });
  expect(core.lookup('k:a', 'decoded')).toEqual({ n: 1 });
  core.derive('k:a', 'GET', '{"n":0}', 'decoded again', { n: 0 });
  expect(core.lookup('k:a', 'decoded again'), 'made of another reply').toBeUndefined();
  core.invalidate('k:a');
  expect(core.lookup('k:a', 'decoded')).toBeUndefined();
});
