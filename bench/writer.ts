// The process that writes while a contestant reads: at its command, so many writes, one at a time or in a storm.

import { createClient } from 'redis-client-v4';
import { microseconds } from './clock.js';
import { PREFIX } from './names.js';

const client = createClient({ url: process.argv[2] ?? '' });
client.on('error', () => {});
await client.connect();

export type Order =
  /** Writes every key once, so many per command and commands per turn as the server takes. */
  | { readonly kind: 'all'; readonly keys: number }
  /** The same over and over, until told to stop. */
  | { readonly kind: 'storm'; readonly keys: number; readonly ms: number }
  /** One key, once. */
  | { readonly kind: 'one'; readonly key: string; readonly value: string };

const KEYS_PER_WRITE = 100;
const WRITES_AT_ONCE = 20;

async function all(keys: number): Promise<void> {
  for (let start = 0; start < keys; ) {
    const writes: Promise<unknown>[] = [];
    for (let write = 0; write < WRITES_AT_ONCE && start < keys; write++, start += KEYS_PER_WRITE) {
      const count = Math.min(KEYS_PER_WRITE, keys - start);
      const at = start;
      writes.push(
        client.mSet(
          Array.from({ length: count }, (_, index): [string, string] => [`${PREFIX}${at + index}`, `${at}`]),
        ),
      );
    }
    await Promise.all(writes);
  }
}

process.on('message', async (order: Order) => {
  if (order.kind === 'one') {
    const sent = microseconds();
    await client.set(order.key, order.value);
    process.send?.({ sent, answered: microseconds() });
    return;
  }
  let written = 0;
  const end = performance.now() + (order.kind === 'storm' ? order.ms : 0);
  do {
    await all(order.keys);
    written += order.keys;
  } while (performance.now() < end);
  process.send?.({ written });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
