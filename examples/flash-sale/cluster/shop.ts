// The application's own code around a cluster. One shard may be gone for seconds: reads of its keys fail then instead of
// waiting in a queue, and whoever reads tries again.

import { setTimeout as delay } from 'node:timers/promises';
import { type NearCache, withNearCache } from 'redis-near-cache';
import { createCluster } from 'redis-v6';
import { HOT_KEY, HOT_PREFIX, ITEM_KEYS, ITEM_PREFIX } from '../catalogue.js';
import { nearOf, type Shelves, type Shop } from '../shop.js';

export type Cluster = ReturnType<typeof newCluster>;

export interface ClusterShop extends Shop {
  /** For what is not cached. */
  readonly redis: Cluster;
}

/** The default: a shard is gone for seconds anyway. Unit: ms. */
export const LEASE = 5_000;

/** The line that act two adds, as the audience sees it. */
export const ADDED_LINE = `redis = withNearCache(redis, { prefixes: ['${HOT_PREFIX}', '${ITEM_PREFIX}'] });`;

/** How long after a failed read or write the next try comes. Unit: ms. */
export const RETRY_AFTER = 50;
/** How often a connection to a node that is gone is tried. Unit: ms. */
const RECONNECT_EVERY = 100;
/** How soon the client then asks the others who took over. Unit: ms. */
const REFRESH_AFTER = 250;

export async function openClusterShop(
  rootNodes: readonly { readonly url: string }[],
  name: string,
  nearCache: boolean,
): Promise<ClusterShop> {
  const raw = newCluster(rootNodes, name);
  let redis: Cluster = raw;
  if (nearCache) redis = withNearCache(redis, { prefixes: [HOT_PREFIX, ITEM_PREFIX] });
  await redis.connect();
  const near = nearOf(redis);
  await everyShardTracked(near);
  // Looks over its shelves before it lets visitors in.
  await Promise.all(ITEM_KEYS.map((key) => redis.get(key)));
  return {
    ...shelves(redis),
    redis,
    raw: shelves(raw),
    near,
    lease: LEASE,
    retryAfter: RETRY_AFTER,
    close: () => redis.close(),
  };
}

export function newCluster(rootNodes: readonly { readonly url: string }[], name: string) {
  const cluster = createCluster({
    rootNodes: rootNodes.map(({ url }) => ({ url })),
    defaults: { name, disableOfflineQueue: true, socket: { reconnectStrategy: RECONNECT_EVERY } },
    topologyRefreshOnReconnectionAttemptStrategy: REFRESH_AFTER,
  });
  // A node that is gone is part of the sale; its reads tell.
  cluster.on('error', () => {});
  return cluster;
}

/** `near.ready()` waits for the first of them only. */
async function everyShardTracked(near: NearCache | undefined): Promise<void> {
  while (near?.stats().tracking.every(({ state }) => state === 'armed') === false) await delay(10);
}

/** Items are strings here: where fields of hashes can expire by themselves, hashes are kept for the lease only. */
function shelves(redis: Cluster): Shelves {
  return { offer: () => redis.get(HOT_KEY), item: (key) => redis.get(key) };
}
