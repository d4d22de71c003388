// Shows the cache's numbers over HTTP: /stats as JSON, /metrics as Prometheus text. The only label is the prefix, so
// that the number of series does not grow with the number of keys.
// Run it: PORT=9400 REDIS_URL=redis://127.0.0.1:6379 node --import tsx examples/metrics-http.ts
// `redis-client-v4` is this repository's name for @redis/client 1.x: write '@redis/client' or 'redis' instead.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';
import { createClient } from 'redis-client-v4';
import { type PrefixStats, withNearCache } from 'redis-near-cache';

const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const redis = withNearCache(createClient({ url }), { prefixes: ['product:', 'user:'] });
redis.on('error', (error) => console.error(error));
await redis.connect();

/** Fields of a prefix's statistics that only ever grow. */
const COUNTED = {
  hits: 'Reads answered from memory',
  misses: 'Reads sent to Redis, to be stored',
  coalesced: 'Reads that joined one already on its way',
  bypassed: 'Reads sent to Redis and not stored',
  fills: 'Replies stored',
  discardedFills: 'Replies not stored, because their key or session changed meanwhile',
  invalidations: 'Keys that the server said had changed',
  wastedInvalidations: 'Of these, keys that were neither held nor on their way',
  evictions: 'Entries that made room for others',
} satisfies Partial<Record<keyof PrefixStats, string>>;

const registry = new Registry();
const registers = [registry];
const labelNames = ['prefix'] as const;
const counters = Object.entries(COUNTED).map(([field, help]) => {
  const name = `near_cache_${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`;
  return {
    field: field as keyof typeof COUNTED,
    counter: new Counter({ name, help, labelNames, registers }),
  };
});
const entries = new Gauge({ name: 'near_cache_entries', help: 'Entries held', labelNames, registers });
const bytes = new Gauge({ name: 'near_cache_bytes', help: 'Estimated size of all entries', registers });
const serving = new Gauge({
  name: 'near_cache_serving',
  help: '1 while hits are possible, else 0',
  registers,
});

/** One snapshot per scrape: its counters are totals, so each series is set rather than added to. */
function scrape(): Promise<string> {
  const stats = redis.near.stats();
  for (const { counter } of counters) counter.reset();
  entries.reset();
  for (const [prefix, ofPrefix] of Object.entries(stats.prefixes)) {
    for (const { field, counter } of counters) counter.inc({ prefix }, ofPrefix[field]);
    entries.set({ prefix }, ofPrefix.entries);
  }
  bytes.set(stats.bytes);
  serving.set(stats.state === 'serving' ? 1 : 0);
  return registry.metrics();
}

async function answer(path: string): Promise<{ status: number; type: string; body: string }> {
  const [, folder, id] = path.split('/');
  if (folder === 'product' && id) {
    const product = await redis.get(`product:${id}`);
    return { status: product === null ? 404 : 200, type: 'text/plain', body: product ?? 'not found' };
  }
  if (path === '/stats') {
    return { status: 200, type: 'application/json', body: JSON.stringify(redis.near.stats()) };
  }
  if (path === '/metrics') return { status: 200, type: registry.contentType, body: await scrape() };
  return { status: 404, type: 'text/plain', body: 'not found' };
}

const server = createServer((request, response) => {
  answer(request.url ?? '/').then(
    ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
    () => response.writeHead(503).end(),
  );
});
server.listen(Number(process.env.PORT ?? 9400), '127.0.0.1');
await once(server, 'listening');
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await once(process, 'SIGTERM');
server.close();
await redis.quit();
