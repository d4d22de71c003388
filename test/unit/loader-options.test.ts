// Options of loaders: checked at construction, with messages that name what was expected and what came.

import { describe, expect, test } from 'vitest';
import { foundUntil, lifeOf } from '../../src/load/freshness.js';
import { resolveLoader } from '../../src/load/loader-options.js';
import { seeded } from '../model/seeded.js';

const BASE = { prefix: 'k:', ttl: 1_000, load: () => null };

function refusal(options: object): unknown {
  try {
    resolveLoader({ ...BASE, ...options });
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each([
  [{ ttl: undefined }, 'Option ttl must be a number of milliseconds'],
  [{ ttl: 0 }, 'Option ttl must be a number of milliseconds from 1'],
  [{ ttl: Number.NaN }, 'received NaN'],
  [{ prefix: 7 }, 'Option prefix must be a string'],
  [{ load: 'SELECT' }, 'Option load must be a function; received "SELECT"'],
  [{ jitter: 1.5 }, 'Option jitter must be a number from 0 to 1; received 1.5'],
  [{ staleWhileRevalidate: -1 }, 'Option staleWhileRevalidate must be'],
  [{ earlyRefresh: { beta: 0 } }, 'Option earlyRefresh.beta must be a number above 0'],
  [{ earlyRefresh: {} }, 'Option earlyRefresh.beta must be'],
  [{ lock: true }, 'Option lock must be false or an object; received true'],
  [{ lock: { ttl: 0 } }, 'Option lock.ttl must be a number of milliseconds from 20'],
  [{ lock: { ttl: Number.POSITIVE_INFINITY } }, 'Option lock.ttl must be'],
  [{ lock: { wait: Number.POSITIVE_INFINITY } }, 'Option lock.wait must be'],
  [{ lock: { retries: 3 } }, 'Unknown option lock.retries. Known here: ttl, wait, extend.'],
  [{ maxConcurrentLoads: 0 }, 'Option maxConcurrentLoads must be a whole number of loads from 1'],
  [{ codec: {} }, 'Option codec must be an object with the methods decode and encode'],
  [{ tll: 1 }, 'Unknown option tll.'],
  [{ ttl: 2 ** 31 - 1, staleIfError: 1 }, 'must come to no more than 2147483647 ms together'],
])('%j is refused', (options, message) => {
  expect(refusal(options)).toMatchObject({
    code: 'ERR_NEAR_OPTION',
    message: expect.stringContaining(message),
  });
});

test('what is left out has a default, and a lock always an end', () => {
  expect(resolveLoader(BASE)).toMatchObject({
    jitter: 0.1,
    lock: { ttl: 2_000, wait: 5_000, extend: true },
    nilTtl: 1_000,
    timeout: 5_000,
  });
  expect(resolveLoader({ ...BASE, lock: false }).lock).toBeUndefined();
});

describe('10 000 values written together', () => {
  const random = seeded(Number(process.env.SEED ?? 1));
  const options = resolveLoader({ ...BASE, ttl: 100_000, staleWhileRevalidate: 5_000 });
  const lives = Array.from({ length: 10_000 }, () => lifeOf('v', options, random));

  test('expire spread over the window, none later than ttl and the stale window', () => {
    expect(Math.max(...lives)).toBeLessThanOrEqual(105_000);
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(95_000);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const life of lives) {
      const tenth = Math.min(9, Math.floor((life - 95_000) / 1_000));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // A thousand each, within five standard deviations.
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test('are fresh for ttl less the jitter at least', () => {
    const { freshUntil, staleUntil } = foundUntil('v', 95_000, options);
    expect([freshUntil, staleUntil]).toEqual([90_000, 95_000]);
  });
});
