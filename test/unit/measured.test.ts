// How exporters see a near cache: one snapshot per collection, and the time that it spent in bypass.

import type { NearState, NearStats } from 'redis-near-cache';
import { expect, test } from 'vitest';
import { type MeasurableCache, MeasuredCache } from '../../src/metrics/measured.js';

/** A near cache of which only the state matters here. */
class Subject implements MeasurableCache {
  snapshots = 0;
  readonly listeners = new Set<(event: { readonly to: NearState }) => void>();
  #state: NearState = 'connecting';

  stats(): NearStats {
    this.snapshots++;
    const sizes = { entries: 0, bytes: 0, maxEntries: 1, maxBytes: 1, flushes: 0, evictions: 0 };
    return { state: this.#state, ...sizes, prefixes: {}, loaders: {}, tracking: [] };
  }

  on(_event: 'state', listener: (event: { readonly to: NearState }) => void): void {
    this.listeners.add(listener);
  }

  off(_event: 'state', listener: (event: { readonly to: NearState }) => void): void {
    this.listeners.delete(listener);
  }

  become(state: NearState): void {
    this.#state = state;
    for (const listener of this.listeners) listener({ to: state });
  }
}

let now = 0;
const clock = () => now;

test('what connects or is in bypass adds up to the time in bypass, what serves or is closed does not', async () => {
  const subject = new Subject();
  const measured = new MeasuredCache(subject, clock);
  const became = async (after: number, state: NearState) => {
    now += after;
    subject.become(state);
    await Promise.resolve();
    return measured.read().bypassTime;
  };
  expect(await became(5, 'serving')).toBe(5);
  expect(await became(1_000, 'bypass')).toBe(5);
  expect(await became(20, 'connecting')).toBe(25);
  expect(await became(300, 'closed')).toBe(325);
  expect(await became(1_000, 'connecting')).toBe(325);
  now += 4_000;
  await Promise.resolve();
  expect(measured.read().bypassTime).toBe(4_325);
});

test('time goes on while the state stays', async () => {
  const measured = new MeasuredCache(new Subject(), clock);
  for (const expected of [7, 14, 21]) {
    now += 7;
    expect(measured.read().bypassTime).toBe(expected);
    await Promise.resolve();
  }
});

test('all who ask at once get one snapshot, who asks later gets another', async () => {
  const subject = new Subject();
  const measured = new MeasuredCache(subject, clock);
  subject.snapshots = 0;
  expect(measured.read()).toBe(measured.read());
  expect(subject.snapshots).toBe(1);
  await Promise.resolve();
  measured.read();
  expect(subject.snapshots).toBe(2);
});

test('nothing listens any more after stop()', () => {
  const subject = new Subject();
  const measured = new MeasuredCache(subject, clock);
  expect(subject.listeners.size).toBe(1);
  measured.stop();
  expect(subject.listeners.size).toBe(0);
});
