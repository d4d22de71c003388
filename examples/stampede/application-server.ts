// One application server: readers that want the hot product every few milliseconds, whatever became of the time before.

import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import type { Product } from './database.js';
import { DEFENCES, TTL } from './defences.js';
import type { Answer, Order, Ready, ServerBrief } from './messages.js';

/** A reader's next read is due so long after the last one was. Unit: ms. */
const PACE = 10;
const HOT = '1';

const brief = JSON.parse(process.argv[2] ?? '{}') as ServerBrief;
const client = createClient({ url: brief.redisUrl });
client.on('error', () => {});
/** Switched off with each defence, and wrapped anew with the next. */
let near: { close(): void } | undefined;
await client.connect();

async function query(id: string): Promise<Product | null> {
  const response = await fetch(`${brief.databaseUrl}/product/${id}`);
  return (await response.json()) as Product | null;
}

/** What everybody writes first. */
async function byHand(): Promise<Product | null> {
  const text = await client.get('product:1');
  if (text !== null) return JSON.parse(text) as Product;
  const product = await query(HOT);
  await client.set('product:1', JSON.stringify(product), { PX: TTL });
  return product;
}

async function readWith(defence: number): Promise<() => Promise<Product | null>> {
  near?.close();
  near = undefined;
  const { options } = DEFENCES[defence] ?? {};
  if (options === undefined) return byHand;
  const redis = withNearCache(client, { prefixes: ['product:'] });
  near = redis.near;
  await redis.near.ready();
  const products = redis.near.loader<Product>({
    prefix: 'product:',
    ttl: TTL,
    // One key, which is to expire for all at once.
    jitter: 0,
    timeout: 30_000,
    load: query,
    ...options,
  });
  return () => products.get(HOT);
}

class Readers {
  latencies: number[] = [];
  failures = 0;
  #open = true;
  readonly #done: Promise<unknown>;

  constructor(read: () => Promise<unknown>) {
    const start = performance.now();
    this.#done = Promise.all(
      Array.from({ length: brief.readers }, (_, at) => this.#run(read, start + (at * PACE) / brief.readers)),
    );
  }

  /** A read that could not begin when it was due counts from then. */
  async #run(read: () => Promise<unknown>, start: number): Promise<void> {
    for (let due = start; this.#open; due += PACE) {
      const early = due - performance.now();
      if (early > 0) await delay(early);
      const from = early > 0 ? performance.now() : due;
      try {
        await read();
        this.latencies.push((performance.now() - from) * 1_000);
      } catch {
        this.failures++;
      }
    }
  }

  async stop(): Promise<void> {
    this.#open = false;
    await this.#done;
  }
}

let readers: Readers | undefined;

async function obey(order: Order): Promise<Answer> {
  switch (order.order) {
    case 'read':
      readers = new Readers(await readWith(order.defence));
      break;
    case 'mark':
      if (readers !== undefined) readers.latencies = [];
      break;
    case 'stop':
      await readers?.stop();
  }
  const isOver = order.order === 'stop';
  return {
    kind: 'done',
    latencies: isOver ? (readers?.latencies ?? []) : [],
    failures: readers?.failures ?? 0,
  };
}

process.on('message', async (order: Order) => process.send?.(await obey(order)));
process.on('disconnect', () => process.exit());
process.send?.({ kind: 'ready', url: '' } satisfies Ready);
