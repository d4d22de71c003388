// The first example of the README. Run it: REDIS_URL=redis://127.0.0.1:6379 node --import tsx examples/basic.ts
// `redis-v6` is this repository's name for the package `redis` 6: write 'redis' instead.

import { withNearCache } from 'redis-near-cache';
import { createClient } from 'redis-v6';

const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const redis = withNearCache(createClient({ url }), { prefixes: ['product:', 'user:'] });
redis.on('error', (error) => console.error(error)); // as with every node-redis client
await redis.connect(); // the client and its tracking connection

console.log(await redis.get('product:42')); // miss: one round trip to Redis
console.log(await redis.get('product:42')); // hit: memory, no network
console.log(redis.near.peek('product:42')); // the same, synchronously
console.log(redis.near.stats().prefixes['product:']);

await redis.set('product:42', 'teapot'); // others drop their copy when Redis tells them
console.log(await redis.get('product:42')); // this process reads its own write: teapot

await redis.close(); // closes both connections
