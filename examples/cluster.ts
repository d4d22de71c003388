// A cluster: every node is tracked, and a miss goes to the node that has the key's slot. Run it beside
// `npm run bed -- cluster`: REDIS_URL=redis://127.0.0.1:<port of any node> node --import tsx examples/cluster.ts
// `redis-v6` is this repository's name for the package `redis` 6: write 'redis' instead.

import { withNearCache } from 'redis-near-cache';
import { createCluster } from 'redis-v6';

const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const redis = withNearCache(createCluster({ rootNodes: [{ url }] }), { prefixes: ['product:'] });
redis.on('error', (error) => console.error(error));
await redis.connect();
await redis.near.ready(); // one node at least is tracked; keys of the others are read past the cache until theirs are

const keys = ['product:1', 'product:2', 'product:3', 'product:4'];
for (const key of keys) await redis.set(key, `the value of ${key}`);
for (let round = 0; round < 3; round++) {
  for (const key of keys) await redis.get(key);
}

const { prefixes, tracking } = redis.near.stats();
console.log(prefixes['product:']);
console.table(tracking.map(({ node, role, state, answers }) => ({ node, role, state, answers })));

await redis.close(); // the client's connections, and those that track
