// The contract, what is refused: a client with a cache of its own, one that is wrapped already, and what is no client.

import * as v6 from '@redis/client';
import * as v5 from 'redis-client-v5';
import { withNearCache } from 'redis-near-cache';
import { describe, expect, test } from 'vitest';
import type { Client } from '../support/client.js';
import { byName, KINDS, wrap } from '../support/majors.js';

const OPTIONS = { prefixes: ['k:'] };
const refused = expect.objectContaining({ name: 'NearCacheError', code: 'ERR_NEAR_CLIENT' });

describe('a client with a cache of its own is refused:', () => {
  const caching: Readonly<Record<string, () => unknown>> = {
    v5: () => v5.createClient({ RESP: 3, clientSideCache: { ttl: 0, maxEntries: 0 } }),
    'v5, given its cache': () =>
      v5.createClient({ RESP: 3, clientSideCache: new v5.BasicClientSideCache({ maxEntries: 10 }) }),
    v6: () => v6.createClient({ clientSideCache: { ttl: 0, maxEntries: 0 } }),
    'v6, given its cache': () => v6.createClient({ clientSideCache: new v6.BasicClientSideCache() }),
    'v5 pool': () => v5.createClientPool({ RESP: 3 }, { clientSideCache: { maxEntries: 10 } }),
    'v6 pool': () => v6.createClientPool({}, { clientSideCache: { maxEntries: 10 } }),
    'v6 pool, given its cache': () =>
      v6.createClientPool({}, { clientSideCache: new v6.BasicPooledClientSideCache() }),
  };
  test.each(Object.entries(caching))('%s', (_, create) => {
    expect(() => wrap(create() as Client, OPTIONS)).toThrow(refused);
  });
});

describe.each(byName(KINDS))('%s', (_, kind) => {
  test('a client is wrapped once', () => {
    const redis = wrap(kind.create('redis://127.0.0.1:1'), OPTIONS);
    expect(() => wrap(redis, OPTIONS)).toThrow(refused);
    redis.near.close();
  });

  test('a transaction, a constructor and a lookalike are no clients', () => {
    const client = kind.create('redis://127.0.0.1:1');
    for (const none of [client.multi(), client.constructor, { ...client }, Promise.resolve(client)]) {
      expect(() => wrap(none as Client, OPTIONS)).toThrow(refused);
    }
  });

  test('options are checked before the client is touched', () => {
    const client = kind.create('redis://127.0.0.1:1');
    expect(() => wrap(client, { prefixes: [] })).toThrow(
      expect.objectContaining({ code: 'ERR_NEAR_OPTION' }),
    );
    expect(Reflect.get(client, 'near')).toBeUndefined();
    wrap(client, OPTIONS).near.close();
  });
});

test('the error says what is taken', () => {
  expect(() => withNearCache({} as never, OPTIONS)).toThrow(/createClient/);
});
