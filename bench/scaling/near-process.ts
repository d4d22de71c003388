// A process with a near cache, whose own CPU is measured while somebody else changes what it holds. Bundled as it is published
// and forked by client-cost.ts: what runs TypeScript directly names every closure, which takes as long as the rest.

import { createClient } from '@redis/client';
import { withNearCache } from '../../src/index.js';

export interface NearOrder {
  /** What is to be held from now on, in place of what is. Absent: only tell. */
  readonly hold?: readonly string[];
}

export interface NearAnswer {
  /** CPU of this process so far. Unit: µs. */
  readonly cpu: number;
  readonly invalidations: number;
  readonly entries: number;
}

const [url = '', prefix = ''] = process.argv.slice(2);
const redis = withNearCache(createClient({ url }), { prefixes: [prefix] });
redis.on('error', () => {});
await redis.connect();
await redis.near.ready();
process.on('disconnect', () => process.exit());
process.on('message', (order: NearOrder) => {
  void obey(order);
});
tell();

async function obey({ hold }: NearOrder): Promise<void> {
  if (hold !== undefined) {
    redis.near.clear();
    for (let at = 0; at < hold.length; at += 512) await redis.mGet(hold.slice(at, at + 512));
  }
  tell();
}

function tell(): void {
  const { user, system } = process.cpuUsage();
  const { entries, tracking } = redis.near.stats();
  process.send?.({ cpu: user + system, invalidations: tracking[0]?.invalidations ?? 0, entries });
}
