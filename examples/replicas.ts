// A primary with replicas: misses are answered by replicas that are close behind it. Run it beside
// `npm run bed -- replicas`: REDIS_URL=redis://127.0.0.1:<port of the primary> node --import tsx examples/replicas.ts
// `redis-v6` is this repository's name for the package `redis` 6: write 'redis' instead.

import { withNearCache } from 'redis-near-cache';
import { createClient } from 'redis-v6';

const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const redis = withNearCache(createClient({ url }), {
  prefixes: ['product:'],
  routing: { reads: 'replicas', maxLag: 500 },
});
redis.on('error', (error) => console.error(error));
const fit = new Promise((resolve) => {
  redis.near.on('replica', ({ answers, reason }) => {
    console.log(answers ? 'a replica answers misses' : `a replica is left out: ${reason}`);
    if (answers) resolve(answers);
  });
});
await redis.connect();
await fit; // until then the primary answers

await redis.set('product:42', 'teapot');
console.log(await redis.get('product:42')); // from the primary: no replica is known to have this write yet

// Misses: a replica answers as soon as it is known to have all that this process has seen.
const readsAtReplicas = () =>
  redis.near.stats().tracking.reduce((sum, { replicaReads }) => sum + replicaReads, 0);
for (let key = 0; readsAtReplicas() < 20; key++) await redis.get(`product:${key}`);
for (let key = 0; key < 20; key++) await redis.get(`product:${key}`); // hits

const { prefixes, tracking } = redis.near.stats();
console.log(prefixes['product:']);
console.table(
  tracking.map(({ role, state, answers, lag, replicaReads }) => ({
    role,
    state,
    answers,
    lag: lag === null ? lag : Math.round(lag),
    replicaReads,
  })),
);

await redis.close(); // the client, its replicas' clients, and the connections that track
