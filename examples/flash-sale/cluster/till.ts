// How the writer changes offer and catalogue on a cluster: a write that fails is tried again until it is acknowledged, and
// the server is asked what it replaced, because a failover may have lost what was acknowledged before.

import { setTimeout as delay } from 'node:timers/promises';
import { HOT_KEY, type Offer } from '../catalogue.js';
import type { Till } from '../till.js';
import { newCluster, RETRY_AFTER } from './shop.js';

export function openClusterTill(rootNodes: readonly { readonly url: string }[]): Till {
  const redis = newCluster(rootNodes, 'flash-sale:writer');
  return {
    offerEvery: 250,
    itemEvery: 100,
    connect: () => redis.connect(),
    writeOffer: async (offer) => {
      const before = await acknowledged(() => redis.set(HOT_KEY, JSON.stringify(offer), { GET: true }));
      return before === null ? undefined : (JSON.parse(before) as Offer).version;
    },
    writeItem: (key, product) => acknowledged(() => redis.set(key, JSON.stringify(product))),
  };
}

async function acknowledged<T>(write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch {
      await delay(RETRY_AFTER);
    }
  }
}
