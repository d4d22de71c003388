// The application's own code around Redis: the same in every act, but for one line.

import { createClient } from 'redis-client-v4';
import { NearCache, withNearCache } from 'redis-near-cache';
import { HOT_KEY, HOT_PREFIX, ITEM_PREFIX } from './catalogue.js';

export type Redis = ReturnType<typeof createClient>;

/** No reader may see what was replaced longer ago than this. Short, so that two seconds of silence outlast it. */
export const LEASE = 1_000;

/** The line that act two adds, as the audience sees it. */
export const ADDED_LINE = `redis = withNearCache(redis, { prefixes: ['${HOT_PREFIX}', '${ITEM_PREFIX}'], maxStaleness: ${LEASE} });`;

/** What the application reads. */
export interface Shelves {
  offer(): Promise<string | null>;
  item(key: string): Promise<unknown>;
}

export interface Shop extends Shelves {
  /** The same by the client underneath, past any cache. */
  readonly raw: Shelves;
  readonly near: NearCache | undefined;
  /** Of the near cache. Unit: ms. */
  readonly lease: number;
  /** For how long a reader waits after a read that failed; `undefined` where no read may fail. Unit: ms. */
  readonly retryAfter: number | undefined;
  close(): Promise<unknown>;
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
  return {
    ...shelves(redis),
    raw: shelves(raw),
    near: nearOf(redis),
    lease: LEASE,
    retryAfter: undefined,
    close: () => redis.quit(),
  };
}

/** The near cache of a client that has one. */
export function nearOf(redis: object): NearCache | undefined {
  return 'near' in redis && redis.near instanceof NearCache ? redis.near : undefined;
}

function shelves(redis: Redis): Shelves {
  return { offer: () => redis.get(HOT_KEY), item: (key) => redis.hGetAll(key) };
}
