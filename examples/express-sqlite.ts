// An Express page over a table in SQLite, read through a loader: however many ask, and from however many processes, the
// database is asked once for each expiry or change. The page shows how often that was.
// Run it: PORT=9500 REDIS_URL=redis://127.0.0.1:6379 node --import tsx examples/express-sqlite.ts
// `redis-client-v4` is this repository's name for @redis/client 1.x: write '@redis/client' or 'redis' instead.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { CountedDatabase, type Product } from './stampede/database.js';

const database = await CountedDatabase.open(10_000);
const redis = withNearCache(createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' }), {
  prefixes: ['product:'],
});
redis.on('error', (error) => console.error(error));
await redis.connect();

const products = redis.near.loader<Product>({
  prefix: 'product:',
  ttl: 60_000,
  staleWhileRevalidate: 10_000,
  staleIfError: 300_000,
  earlyRefresh: { beta: 1 },
  load: (id) => database.product(id),
});

const app = express();
app.get('/product/:id', async ({ params }, response) => {
  const product = await products.get(params.id);
  if (product === null) {
    response.status(404).send('not found');
    return;
  }
  const { cents, name, sold } = product;
  response.send(
    `<h1>${name}</h1><p>${(cents / 100).toFixed(2)} €, ${sold} sold</p><p>${database.queries} queries so far</p>`,
  );
});
// First the origin, then the invalidation: a load that is under way has seen the old row, and is not written any more.
app.post('/product/:id/sell', async ({ params }, response) => {
  database.sell(params.id);
  await products.invalidate(params.id);
  response.sendStatus(204);
});

const server = app.listen(Number(process.env.PORT ?? 9500), '127.0.0.1');
await once(server, 'listening');
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await once(process, 'SIGTERM');
server.close();
server.closeAllConnections();
await redis.quit();
