// The application's own code around a cluster. One shard may be gone for seconds: reads of its keys fail then instead of
// waiting in a queue, and whoever reads tries again.

import { withNearCache } from 'redis-near-cache';
import { createCluster } from 'redis-v6';
import { HOT_KEY } from '../catalogue.js';
import { NEAR_OPTIONS, nearOf, type Shelves, type Shop } from '../shop.js';

export type Cluster = ReturnType<typeof newCluster>;

export interface ClusterShop extends Shop {
  /** For what is not cached. */
  readonly redis: Cluster;
}

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
  if (nearCache) redis = withNearCache(redis, NEAR_OPTIONS);
  await redis.connect();
  return {
    ...shelves(redis),
    redis,
    raw: shelves(raw),
    near: nearOf(redis),
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

/** Items are strings here: where fields of hashes can expire by themselves, hashes are kept for the lease only. */
function shelves(redis: Cluster): Shelves {
  return { offer: () => redis.get(HOT_KEY), item: (key) => redis.get(key) };
}
