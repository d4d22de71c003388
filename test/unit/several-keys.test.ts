// Replies that hang on several keys, and replies of several connections: the coherence core by itself.

import { beforeEach, describe, expect, test } from 'vitest';
import { Coherence } from '../../src/cache/coherence.js';
import type { Lease } from '../../src/cache/lease.js';
import { Session } from '../../src/tracking/session.js';

let time: number;
let core: Coherence;
let lease: Lease;
let session: Session;

function open(bounds: { maxEntries?: number; maxBytes?: number; ordered?: boolean } = {}): void {
  time = 0;
  core = new Coherence({
    maxEntries: 100,
    maxBytes: 1_000_000,
    ttl: 60_000,
    maxStaleness: 1_000,
    clock: () => time,
    observer: { flushed() {}, evicted() {}, servingChanged() {}, proofWanted() {} },
    ...bounds,
  });
  core.register('k:', { ttl: 60_000, maxEntries: undefined, cacheNil: true });
  core.register('short:', { ttl: 100, maxEntries: undefined, cacheNil: true });
  lease = core.openLease();
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
    expect(core.suspectSince('k:a', INTER)).toBeDefined();
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
