// The contestants' clients, each set up as its own documentation advises.

import KeyvRedis from '@keyv/redis';
import { BasicClientSideCache, createClient as createV6 } from '@redis/client';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cacheable, CacheableMemory } from 'cacheable';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { createClient as createV4 } from 'redis-client-v4';
import { createClient as createV5 } from 'redis-client-v5';
import { type NearCacheOptions, withNearCache } from 'redis-near-cache';
import { PREFIX } from './names.js';

/** Faults of a connection end a round by their own command; nobody else is to be told. */
const quiet = <C extends { on(event: 'error', listener: () => void): unknown }>(client: C): C => {
  client.on('error', () => {});
  return client;
};

export async function plainV6(url: string) {
  const client = quiet(createV6({ url }));
  await client.connect();
  return client;
}

export async function plainV5(url: string) {
  const client = quiet(createV5({ url }));
  await client.connect();
  return client;
}

export async function plainV4(url: string) {
  const client = quiet(createV4({ url }));
  await client.connect();
  return client;
}

export const plainIoredis = (url: string): Redis => new Redis(url);

/** `cache` tells of every key that was invalidated. */
export async function ownCacheV6(url: string, maxEntries = 2_000_000) {
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries, evictPolicy: 'LRU' });
  const client = quiet(createV6({ url, RESP: 3, clientSideCache: cache }));
  await client.connect();
  return Object.assign(client, { cache });
}

type Near = Partial<NearCacheOptions>;

const OPTIONS: NearCacheOptions = { prefixes: [PREFIX] };

async function serving<C extends { near: { ready(): Promise<unknown> }; connect(): Promise<unknown> }>(
  client: C,
): Promise<C> {
  await client.connect();
  await client.near.ready();
  return client;
}

export const nearV6 = (url: string, options?: Near) =>
  serving(withNearCache(quiet(createV6({ url })), { ...OPTIONS, ...options }));
export const nearV5 = (url: string, options?: Near) =>
  serving(withNearCache(quiet(createV5({ url })), { ...OPTIONS, ...options }));
export const nearV4 = (url: string, options?: Near) =>
  serving(withNearCache(quiet(createV4({ url })), { ...OPTIONS, ...options }));

/** Memory, Redis, and the bus that tells the other processes. */
export function bento(url: string) {
  const connection = { host: '127.0.0.1', port: Number(new URL(url).port) };
  return new BentoCache({
    default: 'multitier',
    stores: {
      multitier: bentostore()
        .useL1Layer(memoryDriver({ maxSize: '512mb', maxItems: 2_000_000 }))
        .useL2Layer(redisDriver({ connection }))
        .useBus(redisBusDriver({ connection })),
    },
  });
}

export const cacheable = (url: string): Cacheable => new Cacheable({ secondary: new KeyvRedis(url) });

export const cacheManager = (url: string) =>
  createCache({
    stores: [
      new Keyv({ store: new CacheableMemory({ ttl: 300_000, lruSize: 100_000 }) }),
      new Keyv({ store: new KeyvRedis(url) }),
    ],
  });

/** Until everything is held, as far as it can be seen. */
export async function warm(
  keys: readonly string[],
  read: (key: string) => Promise<unknown>,
  isHeld?: (key: string) => boolean,
) {
  for (let left = [...keys]; left.length > 0; ) {
    for (let start = 0; start < left.length; start += 1_000)
      await Promise.all(left.slice(start, start + 1_000).map(read));
    left = isHeld === undefined ? [] : left.filter((key) => !isHeld(key));
  }
}
