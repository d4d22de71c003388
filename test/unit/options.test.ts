// Every option is checked at construction, and the message names the option, what it takes and what came.

import { createClient } from 'redis-client-v4';
import { type NearCacheOptions, withNearCache } from 'redis-near-cache';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../src/options.js';

const wrap = (options: unknown) => withNearCache(createClient(), options as NearCacheOptions);

const bad: [options: unknown, names: string][] = [
  [undefined, 'Option options'],
  [null, 'Option options'],
  ['k:', 'Option options'],
  [{}, 'Option prefixes'],
  [{ prefixes: [] }, 'received an array of 0'],
  [{ prefixes: 'k:' }, 'received "k:"'],
  [{ prefixes: [1] }, 'Option prefixes[0]'],
  [{ prefixes: ['k:', null] }, 'Option prefixes[1]'],
  [{ prefixes: ['\ud800'] }, 'lone surrogates'],
  [{ prefixes: [{}] }, 'Option prefixes[0].prefix'],
  [{ prefixes: [{ prefix: 'k:', tll: 1 }] }, 'Unknown option prefixes[0].tll'],
  [{ prefixes: [{ prefix: 'k:', ttl: -1 }] }, 'Option prefixes[0].ttl'],
  [{ prefixes: [{ prefix: 'k:', maxEntries: 0.5 }] }, 'received 0.5'],
  [{ prefixes: ['k:'], maxEntires: 5 }, 'Unknown option maxEntires'],
  [{ prefixes: ['k:'], toString: 5 }, 'Unknown option toString'],
  [{ prefixes: ['k:'], maxEntries: 0 }, 'Option maxEntries'],
  [{ prefixes: ['k:'], maxEntries: '10' }, 'received "10"'],
  [{ prefixes: ['k:'], maxBytes: Number.NaN }, 'received NaN'],
  [{ prefixes: ['k:'], ttl: Number.POSITIVE_INFINITY }, 'received Infinity'],
  [{ prefixes: ['k:'], ttl: 0 }, 'Option ttl'],
  [{ prefixes: ['k:'], serverTtl: 'yes' }, 'Option serverTtl must be true or false; received "yes"'],
  [{ prefixes: ['k:'], cacheNil: 1 }, 'Option cacheNil'],
  [{ prefixes: ['k:'], heartbeat: -5 }, 'Option heartbeat'],
  [
    { prefixes: ['k:'], heartbeat: 1500, maxStaleness: 1500 },
    'Option heartbeat must be less than maxStaleness (1500 ms); received 1500',
  ],
  [{ prefixes: ['k:'], maxStaleness: null }, 'received null'],
  [{ prefixes: ['k:'], fallback: 'none' }, "must be 'bypass', 'ttl' or 'error'; received \"none\""],
  [{ prefixes: ['k:'], tracking: true }, 'Option tracking'],
  [{ prefixes: ['k:'], tracking: { uri: '' } }, 'Unknown option tracking.uri'],
  [{ prefixes: ['k:'], tracking: { url: 'redis://host/abc' } }, 'Option tracking.url'],
  [{ prefixes: ['k:'], tracking: { reconnectStrategy: 'never' } }, 'Option tracking.reconnectStrategy'],
  [{ prefixes: ['k:'], logger: {} }, 'Option logger'],
  [{ prefixes: ['k:'], clock: 5 }, 'Option clock'],
];

test.each(bad)('%j is refused', (options, names) => {
  expect(() => wrap(options)).toThrow(
    expect.objectContaining({ code: 'ERR_NEAR_OPTION', message: expect.stringContaining(names) }),
  );
});

test('credentials are named in messages, never shown', () => {
  expect(() => wrap({ prefixes: ['k:'], tracking: { url: 'http://user:hunter2@host' } })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
  );
  expect(() => wrap({ prefixes: ['k:'], tracking: { password: 424242 } })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('424242') }),
  );
});

describe('defaults', () => {
  test('are those of the documentation', () => {
    expect(resolveOptions({ prefixes: ['k:'] })).toMatchObject({
      prefixes: [{ prefix: 'k:' }],
      maxEntries: 10_000,
      maxBytes: 64 * 1024 * 1024,
      ttl: 300_000,
      serverTtl: true,
      cacheNil: true,
      heartbeat: 1_000,
      maxStaleness: 5_000,
      fallback: 'bypass',
      tracking: {},
    });
  });

  test('an option given as undefined is an option left out', () => {
    const options = { prefixes: ['k:'], maxEntries: undefined, tracking: { name: undefined } };
    expect(resolveOptions(options as unknown as NearCacheOptions).maxEntries).toBe(10_000);
  });

  test('heartbeats come at least three times per maxStaleness', () => {
    expect(resolveOptions({ prefixes: ['k:'], maxStaleness: 600 }).heartbeat).toBe(200);
    expect(resolveOptions({ prefixes: ['k:'], maxStaleness: 600, heartbeat: 500 }).heartbeat).toBe(200);
    expect(resolveOptions({ prefixes: ['k:'], maxStaleness: 600, heartbeat: 50 }).heartbeat).toBe(50);
  });
});
