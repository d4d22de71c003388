// Hits: what users come for.

import { LRUCache } from 'lru-cache';
import {
  bento,
  cacheable,
  cacheManager,
  nearV4,
  nearV5,
  nearV6,
  ownCacheV6,
  plainIoredis,
  plainV4,
  plainV6,
  warm,
} from '../caches.js';
import { names, PREFIX } from '../names.js';
import { type Contestant, type Setting, type Suite, TIME, timed } from '../suite.js';

const KEYS = names(1_000);
/** What goes over a socket takes a thousand times as long: fewer calls fill a round. */
const FEW = KEYS.slice(0, 20);
const VALUE = 'v'.repeat(100);
const FIELDS = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => [`field:${index}`, `value:${index}`]),
);
const RECORD = { id: 42, name: 'A thing', price: 19.99, tags: ['red', 'new'], stock: { here: 3, there: 0 } };
const JSON_TEXT = JSON.stringify(RECORD);

/** Puts a value under every key, by a client that ends with it. */
async function fill(
  { url }: Setting,
  write: (client: Awaited<ReturnType<typeof plainV6>>, key: string) => Promise<unknown>,
) {
  const client = await plainV6(url);
  await Promise.all(KEYS.map((key) => write(client, key)));
  await client.close();
}

const fillTexts = (setting: Setting) => fill(setting, (client, key) => client.set(key, VALUE));
const fillHashes = (setting: Setting) => fill(setting, (client, key) => client.hSet(key, FIELDS));
const fillJson = (setting: Setting) => fill(setting, (client, key) => client.set(key, JSON_TEXT));

type Gets = { get(key: string): Promise<unknown> };
type GetsHashes = { hGetAll(key: string): Promise<unknown> };
type Peeks = { near: { peek(key: string): unknown } };

/** Awaits the reads of all keys one by one. Written out for each contestant, so that each has its own compiled loop. */
function gets(client: Gets, close: () => unknown, keys = KEYS): Contestant {
  return timed(
    keys.length,
    async () => {
      for (const key of keys) await client.get(key);
    },
    close,
  );
}

async function nearGets(client: Gets & Peeks & { disconnect(): Promise<unknown> }): Promise<Contestant> {
  await warm(
    KEYS,
    (key) => client.get(key),
    (key) => client.near.peek(key) !== undefined,
  );
  return gets(client, () => client.disconnect());
}

export const get: Suite = {
  title: 'A hit, awaited',
  what: '`await client.get(key)` of 1 000 keys in turn, all held; plain clients ask Redis each time.',
  metrics: TIME,
  base: 'lru-cache',
  rounds: 15,
  contestants: {
    'lru-cache': async () => {
      const cache = new LRUCache<string, string>({ max: 10_000 });
      for (const key of KEYS) cache.set(key, VALUE);
      return timed(
        KEYS.length,
        async () => {
          for (const key of KEYS) await cache.get(key);
        },
        () => {},
      );
    },
    'redis-near-cache (v6)': async (setting) => {
      await fillTexts(setting);
      return nearGets(await nearV6(setting.url));
    },
    'redis-near-cache (v5)': async (setting) => {
      await fillTexts(setting);
      return nearGets(await nearV5(setting.url));
    },
    'redis-near-cache (v4)': async (setting) => {
      await fillTexts(setting);
      return nearGets(await nearV4(setting.url));
    },
    'node-redis 6 clientSideCache': async (setting) => {
      await fillTexts(setting);
      const client = await ownCacheV6(setting.url);
      await warm(KEYS, (key) => client.get(key));
      return gets(client, () => client.destroy());
    },
    BentoCache: async ({ url }) => {
      const cache = bento(url);
      await Promise.all(KEYS.map((key) => cache.set({ key, value: VALUE })));
      return timed(
        KEYS.length,
        async () => {
          for (const key of KEYS) await cache.get({ key });
        },
        () => cache.disconnectAll(),
      );
    },
    cacheable: async ({ url }) => {
      const cache = cacheable(url);
      await Promise.all(KEYS.map((key) => cache.set(key, VALUE)));
      return gets(cache, () => cache.disconnect());
    },
    'cache-manager': async ({ url }) => {
      const cache = cacheManager(url);
      await Promise.all(KEYS.map((key) => cache.set(key, VALUE)));
      return gets(cache, () => cache.disconnect());
    },
    'node-redis 6': async (setting) => {
      await fillTexts(setting);
      const client = await plainV6(setting.url);
      return gets(client, () => client.destroy(), FEW);
    },
    'node-redis 4': async (setting) => {
      await fillTexts(setting);
      const client = await plainV4(setting.url);
      return gets(client, () => client.disconnect(), FEW);
    },
    ioredis: async (setting) => {
      await fillTexts(setting);
      const client = plainIoredis(setting.url);
      return gets(client, () => client.disconnect(), FEW);
    },
  },
};

export const peek: Suite = {
  title: 'A hit, synchronous',
  what: '`near.peek(key)` of 1 000 keys in turn, all held, against `get` of a bare lru-cache.',
  metrics: TIME,
  base: 'lru-cache',
  rounds: 15,
  contestants: {
    'lru-cache': async () => {
      const cache = new LRUCache<string, string>({ max: 10_000 });
      for (const key of KEYS) cache.set(key, VALUE);
      return timed(
        KEYS.length,
        () => {
          let length = 0;
          for (const key of KEYS) length += cache.get(key)?.length ?? 0;
          return length;
        },
        () => {},
      );
    },
    'redis-near-cache': async (setting) => {
      await fillTexts(setting);
      const client = await nearV6(setting.url);
      await warm(
        KEYS,
        (key) => client.get(key),
        (key) => client.near.peek(key) !== undefined,
      );
      return timed(
        KEYS.length,
        () => {
          let length = 0;
          for (const key of KEYS) length += client.near.peek(key)?.length ?? 0;
          return length;
        },
        () => client.destroy(),
      );
    },
  },
};

function hashes(client: GetsHashes, close: () => unknown, keys = KEYS): Contestant {
  return timed(
    keys.length,
    async () => {
      for (const key of keys) await client.hGetAll(key);
    },
    close,
  );
}

export const hGetAll: Suite = {
  title: 'A hit of a hash of 10 fields',
  what: '`await client.hGetAll(key)`; the caller may change what it gets.',
  metrics: TIME,
  base: 'node-redis 6 clientSideCache',
  rounds: 15,
  contestants: {
    'node-redis 6 clientSideCache': async (setting) => {
      await fillHashes(setting);
      const client = await ownCacheV6(setting.url);
      await warm(KEYS, (key) => client.hGetAll(key));
      return hashes(client, () => client.destroy());
    },
    'redis-near-cache': async (setting) => {
      await fillHashes(setting);
      const client = await nearV6(setting.url);
      const { near } = client;
      while ((near.stats().prefixes[PREFIX]?.entries ?? 0) < KEYS.length)
        await warm(KEYS, (key) => client.hGetAll(key));
      return hashes(client, () => client.destroy());
    },
    'lru-cache, copied': async () => {
      const cache = new LRUCache<string, object>({ max: 10_000 });
      for (const key of KEYS) cache.set(key, { ...FIELDS });
      return timed(
        KEYS.length,
        async () => {
          for (const key of KEYS) ({ ...(await cache.get(key)) });
        },
        () => {},
      );
    },
    'node-redis 6': async (setting) => {
      await fillHashes(setting);
      const client = await plainV6(setting.url);
      return hashes(client, () => client.destroy(), FEW);
    },
  },
};

const BATCHES = Array.from({ length: 10 }, (_, index) => KEYS.slice(index * 100, index * 100 + 100));

function batches(client: { mGet(keys: string[]): Promise<unknown> }, close: () => unknown): Contestant {
  return timed(
    BATCHES.length,
    async () => {
      for (const keys of BATCHES) await client.mGet(keys);
    },
    close,
  );
}

export const mGet: Suite = {
  title: 'A batch of 100, all held',
  what: '`await client.mGet(keys)` of 100 keys.',
  metrics: TIME,
  base: 'node-redis 6',
  rounds: 15,
  contestants: {
    'node-redis 6': async (setting) => {
      await fillTexts(setting);
      const client = await plainV6(setting.url);
      return batches(client, () => client.destroy());
    },
    'redis-near-cache': async (setting) => {
      await fillTexts(setting);
      const client = await nearV6(setting.url);
      await warm(
        KEYS,
        (key) => client.get(key),
        (key) => client.near.peek(key) !== undefined,
      );
      return batches(client, () => client.destroy());
    },
    'node-redis 6 clientSideCache': async (setting) => {
      await fillTexts(setting);
      const client = await ownCacheV6(setting.url);
      return batches(client, () => client.destroy());
    },
    'lru-cache, 100 lookups': async () => {
      const cache = new LRUCache<string, string>({ max: 10_000 });
      for (const key of KEYS) cache.set(key, VALUE);
      return batches({ mGet: async (keys) => keys.map((key) => cache.get(key)) }, () => {});
    },
    BentoCache: async ({ url }) => {
      const cache = bento(url);
      await Promise.all(KEYS.map((key) => cache.set({ key, value: VALUE })));
      return batches({ mGet: (keys) => Promise.all(keys.map((key) => cache.get({ key }))) }, () =>
        cache.disconnectAll(),
      );
    },
    cacheable: async ({ url }) => {
      const cache = cacheable(url);
      await Promise.all(KEYS.map((key) => cache.set(key, VALUE)));
      return batches({ mGet: (keys) => cache.getMany(keys) }, () => cache.disconnect());
    },
  },
};

export const json: Suite = {
  title: 'A hit of a decoded value',
  what: 'A record of five members kept as JSON: `await products.get(id)` of a namespace, and what others call it.',
  metrics: TIME,
  base: 'redis-near-cache namespace',
  rounds: 15,
  contestants: {
    'redis-near-cache namespace': async (setting) => {
      await fillJson(setting);
      const client = await nearV6(setting.url);
      const records = client.near.namespace<typeof RECORD>(PREFIX);
      const ids = KEYS.map((key) => key.slice(PREFIX.length));
      await warm(
        ids,
        (id) => records.get(id),
        (id) => records.peek(id) !== undefined,
      );
      return timed(
        ids.length,
        async () => {
          for (const id of ids) await records.get(id);
        },
        () => client.destroy(),
      );
    },
    'redis-near-cache get, JSON.parse': async (setting) => {
      await fillJson(setting);
      const client = await nearV6(setting.url);
      await warm(
        KEYS,
        (key) => client.get(key),
        (key) => client.near.peek(key) !== undefined,
      );
      return timed(
        KEYS.length,
        async () => {
          for (const key of KEYS) JSON.parse((await client.get(key)) ?? '');
        },
        () => client.destroy(),
      );
    },
    BentoCache: async ({ url }) => {
      const cache = bento(url);
      await Promise.all(KEYS.map((key) => cache.set({ key, value: RECORD })));
      return timed(
        KEYS.length,
        async () => {
          for (const key of KEYS) await cache.get({ key });
        },
        () => cache.disconnectAll(),
      );
    },
    cacheable: async ({ url }) => {
      const cache = cacheable(url);
      await Promise.all(KEYS.map((key) => cache.set(key, RECORD)));
      return gets(cache, () => cache.disconnect());
    },
  },
};
