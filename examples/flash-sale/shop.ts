// The application's own code around Redis: the same in every act, but for one line.

import { type NearCache, withNearCache } from 'redis-near-cache';
import { createClient } from 'redis-client-v4';
import { HOT_KEY, HOT_PREFIX, ITEM_PREFIX } from './catalogue.js';

export type Redis = ReturnType<typeof createClient>;

/** No reader may see what was replaced longer ago than this. Short, so that two seconds of silence outlast it. */
export const LEASE = 1_000;

const NEAR_CACHE = { prefixes: [HOT_PREFIX, ITEM_PREFIX], maxStaleness: LEASE };

/** The line that is added in act two, as it is shown to the audience. */
export const ADDED_LINE = `redis = withNearCache(redis, ${JSON.stringify(NEAR_CACHE).replace(/"(\w+)":/g, ' $1: ')});`;

export interface Shop {
  /** What the application reads from. */
  readonly redis: Redis;
  /** The client underneath, past any cache. */
  readonly raw: Redis;
  readonly near: NearCache | undefined;
}

export async function openShop(url: string, name: string, nearCache: boolean): Promise<Shop> {
  const raw = createClient({ url, name, socket: { reconnectStrategy: false } });
  // The sale never breaks a data connection, so a broken one ends this process, and with it the sale.
  raw.on('error', (error) => {
    throw error;
  });
  let redis: Redis = raw;
  let near: NearCache | undefined;
  if (nearCache) ({ near } = redis = withNearCache(redis, NEAR_CACHE));
  await redis.connect();
  return { redis, raw, near };
}

/** The offer as JSON. */
export async function readOffer(redis: Redis): Promise<string> {
  const offer = await redis.get(HOT_KEY);
  if (offer === null) throw new Error(`${HOT_KEY} is gone.`);
  return offer;
}
