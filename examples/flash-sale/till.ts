// How the writer changes offer and catalogue on a server of its own.

import { createClient } from 'redis-client-v4';
import { HOT_KEY, type Offer, type Product } from './catalogue.js';

export interface Till {
  /** Time between two changes of the offer. Unit: ms. */
  readonly offerEvery: number;
  /** Time between two changes of some item. Unit: ms. */
  readonly itemEvery: number;
  connect(): Promise<unknown>;
  /** @returns the version that it replaced, if the server was asked */
  writeOffer(offer: Offer): Promise<number | undefined>;
  writeItem(key: string, product: Product): Promise<unknown>;
}

export function openTill(url: string): Till {
  const redis = createClient({ url, name: 'flash-sale:writer', socket: { reconnectStrategy: false } });
  redis.on('error', (error) => {
    throw error;
  });
  return {
    offerEvery: 100,
    itemEvery: 10,
    connect: () => redis.connect(),
    writeOffer: async (offer) => {
      await redis.set(HOT_KEY, JSON.stringify(offer));
      return undefined;
    },
    writeItem: (key, product) => redis.hSet(key, { ...product }),
  };
}
