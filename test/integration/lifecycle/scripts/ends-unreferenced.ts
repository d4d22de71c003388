// Run as a process of its own: nothing is closed. Its own client is unreferenced, so the near cache must not keep it alive,
// replicas that were found included.

import { wrap } from '../../../support/majors.js';
import { type Major, single } from '../../../support/topologies.js';
import { until } from '../../../support/until.js';

const [url = '', major = '', replicas = ''] = process.argv.slice(2);
const raw = single(Number(major) as Major, url);
const redis = wrap(raw, {
  prefixes: ['k:'],
  heartbeat: 50,
  maxStaleness: 30_000,
  routing: { reads: Number(replicas) > 0 ? 'replicas' : 'primary' },
});
await redis.connect();
const answering = (): number => redis.near.stats().tracking.filter(({ answers }) => answers).length;
await until(() => answering() === 1 + Number(replicas), 10_000, 'all nodes to answer');
await redis.get('k:1');
Reflect.get(raw, 'unref').call(raw);
process.stdout.write('done\n');
