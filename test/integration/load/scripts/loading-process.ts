// A process of its own with a near cache and a loader, for tests of what several of them do together. Its origin is a key
// in Redis that no near cache knows, with a counter beside it; what to do comes as messages.

import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis-client-v4';
import { type Loader, type LoaderOptions, withNearCache } from 'redis-near-cache';

/** How a loading process is started. */
export interface Brief {
  readonly dataUrl: string;
  readonly trackingUrl: string;
  readonly originUrl: string;
  /** How long the origin takes. Unit: ms. */
  readonly delay: number;
  readonly options: Partial<LoaderOptions<string>>;
}

/** What it can be asked. */
export interface Order {
  readonly number: number;
  readonly call: 'get' | 'invalidate' | 'set' | 'refresh' | 'stats' | 'delay' | 'state';
  readonly args: readonly string[];
  /** So many at once. */
  readonly times: number;
}

export interface Answer {
  readonly number: number;
  readonly results: readonly unknown[];
  /** When the last one was there. Unit: ms of Unix time. */
  readonly at: number;
}

const brief = JSON.parse(process.argv[2] ?? '') as Brief;
const origin = createClient({ url: brief.originUrl });
origin.on('error', () => {});
await origin.connect();
const raw = createClient({ url: brief.dataUrl });
raw.on('error', () => {});
const redis = withNearCache(raw, {
  prefixes: ['k:'],
  tracking: { url: brief.trackingUrl, reconnectStrategy: 20 },
});
await redis.connect();
await redis.near.ready();
let wait = brief.delay;
const loader: Loader<string> = redis.near.loader<string>({
  prefix: 'k:',
  ttl: 60_000,
  async load(id) {
    await origin.incr(`loads:${id}`);
    const row = await origin.get(`row:${id}`);
    await delay(wait);
    return row;
  },
  ...brief.options,
});

async function obey({ call, args: [first = '', second = ''] }: Order): Promise<unknown> {
  switch (call) {
    case 'get':
      return loader.get(first);
    case 'refresh':
      return loader.refresh(first);
    case 'invalidate':
      return loader.invalidate(first);
    case 'set':
      return loader.set(first, second);
    case 'stats':
      return redis.near.stats().loaders['k:'];
    case 'state':
      return redis.near.state;
    case 'delay':
      wait = Number(first);
  }
}

process.on('message', async (order: Order) => {
  const settled = await Promise.allSettled(Array.from({ length: order.times }, () => obey(order)));
  const results = settled.map((each) =>
    each.status === 'fulfilled' ? each.value : `failed: ${String(each.reason)}`,
  );
  process.send?.({
    number: order.number,
    results,
    at: performance.timeOrigin + performance.now(),
  } satisfies Answer);
});
// With the test, however that ends.
process.on('disconnect', () => process.exit());
process.send?.('ready');
