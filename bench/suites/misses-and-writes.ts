// Misses and writes: what the cache adds to what goes to Redis anyway.

import { bento, cacheable, nearV6, ownCacheV6, plainIoredis, plainV4, plainV6 } from '../caches.js';
import { names } from '../names.js';
import { type Contestant, type Setting, type Suite, TIME, timed } from '../suite.js';

const KEYS = names(20_000);
/** Far fewer than there are keys, which are read in turn: none is held when it is asked for again. */
const HELD = 1_000;
const IN_FLIGHT = 100;
const CALLS = 10_000;
const VALUE = 'v'.repeat(100);

async function fill({ url }: Setting): Promise<void> {
  const client = await plainV6(url);
  for (let start = 0; start < KEYS.length; start += 1_000)
    await Promise.all(KEYS.slice(start, start + 1_000).map((key) => client.set(key, VALUE)));
  await client.close();
}

/** So many calls, of which so many wait at a time. */
function inFlight(
  call: (key: string) => Promise<unknown>,
  close: () => unknown,
  flying = IN_FLIGHT,
): Contestant {
  let next = 0;
  const calls = flying === 1 ? 1_000 : CALLS;
  const one = async (): Promise<void> => {
    for (let left = calls / flying; left > 0; left--) await call(KEYS[next++ % KEYS.length] as string);
  };
  return timed(calls, () => Promise.all(Array.from({ length: flying }, one)), close, 200);
}

export const miss: Suite = {
  title: 'A miss, 100 in flight',
  what: '`get` of 20 000 keys in turn, where 1 000 may be held: every read goes to Redis. Time of the whole over the number of reads.',
  metrics: TIME,
  base: 'node-redis 6',
  rounds: 11,
  contestants: {
    'node-redis 6': async (setting) => {
      await fill(setting);
      const client = await plainV6(setting.url);
      return inFlight(
        (key) => client.get(key),
        () => client.destroy(),
      );
    },
    'redis-near-cache, serverTtl off': async (setting) => {
      await fill(setting);
      const client = await nearV6(setting.url, { serverTtl: false, maxEntries: HELD });
      return inFlight(
        (key) => client.get(key),
        () => client.destroy(),
      );
    },
    'redis-near-cache': async (setting) => {
      await fill(setting);
      const client = await nearV6(setting.url, { maxEntries: HELD });
      return inFlight(
        (key) => client.get(key),
        () => client.destroy(),
      );
    },
    'node-redis 6 clientSideCache': async (setting) => {
      await fill(setting);
      const client = await ownCacheV6(setting.url, HELD);
      return inFlight(
        (key) => client.get(key),
        () => client.destroy(),
      );
    },
    'node-redis 4': async (setting) => {
      await fill(setting);
      const client = await plainV4(setting.url);
      return inFlight(
        (key) => client.get(key),
        () => client.disconnect(),
      );
    },
    ioredis: async (setting) => {
      await fill(setting);
      const client = plainIoredis(setting.url);
      return inFlight(
        (key) => client.get(key),
        () => client.disconnect(),
      );
    },
  },
};

const writes = (flying: number): Suite => ({
  title: flying === 1 ? 'A write, one at a time' : `A write, ${flying} in flight`,
  what: '`set` of a key under a registered prefix, which drops it before and after.',
  metrics: TIME,
  base: 'node-redis 6',
  rounds: 11,
  contestants: {
    'node-redis 6': async ({ url }) => {
      const client = await plainV6(url);
      return inFlight(
        (key) => client.set(key, VALUE),
        () => client.destroy(),
        flying,
      );
    },
    'redis-near-cache': async ({ url }) => {
      const client = await nearV6(url);
      return inFlight(
        (key) => client.set(key, VALUE),
        () => client.destroy(),
        flying,
      );
    },
    ioredis: async ({ url }) => {
      const client = plainIoredis(url);
      return inFlight(
        (key) => client.set(key, VALUE),
        () => client.disconnect(),
        flying,
      );
    },
    BentoCache: async ({ url }) => {
      const cache = bento(url);
      return inFlight(
        (key) => cache.set({ key, value: VALUE }),
        () => cache.disconnectAll(),
        flying,
      );
    },
    cacheable: async ({ url }) => {
      const cache = cacheable(url);
      return inFlight(
        (key) => cache.set(key, VALUE),
        () => cache.disconnect(),
        flying,
      );
    },
  },
});

export const write = writes(IN_FLIGHT);
export const writeAlone = writes(1);
