// The application's own code around Redis: the same in every act, but for one line.

import { createClient } from 'redis-client-v4';
import { NearCache, withNearCache } from 'redis-near-cache';
import { HOT_PREFIX, ITEM_PREFIX } from './catalogue.js';

export type Redis = ReturnType<typeof createClient>;

/** No reader may see what was replaced longer ago than this. Short, so that two seconds of silence outlast it. */
export const LEASE = 1_000;

/** The line that act two adds, as the audience sees it. */
export const ADDED_LINE = `redis = withNearCache(redis, { prefixes: ['${HOT_PREFIX}', '${ITEM_PREFIX}'], maxStaleness: ${LEASE} });`;

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
  if (nearCache) redis = withNearCache(redis, { prefixes: [HOT_PREFIX, ITEM_PREFIX], maxStaleness: LEASE });
  await redis.connect();
  return { redis, raw, near: 'near' in redis && redis.near instanceof NearCache ? redis.near : undefined };
}
