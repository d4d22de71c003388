// A primary watched by sentinels, through a failover. Run it beside `npm run bed -- sentinel`:
// SENTINEL=127.0.0.1:<port of a sentinel> node --import tsx examples/sentinel.ts --failover
// `redis-v6` is this repository's name for the package `redis` 6: write 'redis' instead.

import { setTimeout } from 'node:timers/promises';
import { withNearCache } from 'redis-near-cache';
import { createClient, createSentinel } from 'redis-v6';

const [host = '', port = ''] = (process.env.SENTINEL ?? '127.0.0.1:26379').split(':');
const name = process.env.SENTINEL_NAME ?? 'near';
const sentinelRootNodes = [{ host, port: Number(port) }];
const redis = withNearCache(createSentinel({ name, sentinelRootNodes }), { prefixes: ['product:'] });
redis.on('error', (error) => console.error(error));
redis.near.on('state', ({ from, to, reason }) => console.log(`near cache: ${from} -> ${to} (${reason})`));
await redis.connect();

await redis.set('product:42', 'teapot');
console.log(await redis.get('product:42')); // miss: the primary answers
console.log(await redis.get('product:42')); // hit: memory

if (process.argv.includes('--failover')) {
  const primary = redis.near.stats().tracking[0]?.node;
  const sentinel = await createClient({ socket: { host, port: Number(port) } }).connect();
  // Refused for a while where no replica has been heard of lately: asked again, as by hand.
  const failOver = (): Promise<unknown> => sentinel.sendCommand(['SENTINEL', 'FAILOVER', name]);
  while (!(await failOver().then(Boolean, () => false))) await setTimeout(500);
  await sentinel.close();
  // Any traffic will do: the next primary is tracked as soon as the client leads there.
  while (redis.near.stats().tracking[0]?.node === primary) await redis.set('product:42', 'samovar');
  await redis.near.ready();
  console.log(await redis.get('product:42')); // miss: the new primary answers
  console.log(await redis.get('product:42')); // hit
}
console.log(redis.near.stats().prefixes['product:']);

await redis.close(); // the client's connections, and the one that tracks
