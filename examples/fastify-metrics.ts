// A Fastify application that reads through the near cache and shows its numbers: /metrics as Prometheus text,
// /stats as JSON. No series is labelled by key, so their number does not grow with the number of keys.
// Run it: PORT=9400 REDIS_URL=redis://127.0.0.1:6379 node --import tsx examples/fastify-metrics.ts
// `redis-client-v4` is this repository's name for @redis/client 1.x: write '@redis/client' or 'redis' instead.

import { once } from 'node:events';
import Fastify from 'fastify';
import { Registry } from 'prom-client';
import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { collectNearCache } from 'redis-near-cache/prometheus';

const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const redis = withNearCache(createClient({ url }), { prefixes: ['product:', 'user:'] });
redis.on('error', (error) => console.error(error));
await redis.connect();

const register = new Registry();
collectNearCache(redis.near, { register, name: 'catalogue' });

const app = Fastify();
app.get<{ Params: { id: string } }>('/product/:id', async ({ params }, reply) => {
  const product = await redis.get(`product:${params.id}`);
  return product ?? reply.code(404).send('not found');
});
app.get('/metrics', async (_request, reply) =>
  reply.type(register.contentType).send(await register.metrics()),
);
app.get('/stats', async () => redis.near.stats());
// Runs when the requests under way have been answered.
app.addHook('onClose', async () => {
  await redis.quit();
});

console.log(
  `listening on ${await app.listen({ port: Number(process.env.PORT ?? 9400), host: '127.0.0.1' })}`,
);

await once(process, 'SIGTERM');
await app.close();
