// Publishing without a subscriber costs nothing: not even a look into what would be told.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import { isHeard, publish } from '../../src/metrics/diagnostics.js';

/** What throws as soon as anybody looks into it. */
const untouchable = new Proxy(
  {},
  {
    get: () => {
      throw new Error('looked into');
    },
    ownKeys: () => {
      throw new Error('looked into');
    },
    getPrototypeOf: () => {
      throw new Error('looked into');
    },
  },
);

test('without a subscriber nothing is made of what is told', () => {
  publish('flush', untouchable, untouchable);
});

test('with a subscriber it is', () => {
  const ignore = () => {};
  subscribe('redis-near-cache:flush', ignore);
  expect(() => publish('flush', {}, untouchable)).toThrow('looked into');
  expect(() => publish('evict', {}, untouchable)).not.toThrow();
  unsubscribe('redis-near-cache:flush', ignore);
  publish('flush', untouchable, untouchable);
});

test('somebody listens: a listener of the near cache, a subscriber of the channel, or nobody', () => {
  const near = (listeners: number) => ({ listenerCount: () => listeners });
  const ignore = () => {};
  expect(isHeard(near(0), 'evict')).toBe(false);
  expect(isHeard(near(1), 'evict')).toBe(true);
  subscribe('redis-near-cache:evict', ignore);
  expect(isHeard(near(0), 'evict')).toBe(true);
  expect(isHeard(near(0), 'invalidate')).toBe(false);
  unsubscribe('redis-near-cache:evict', ignore);
});
