// Run as a process of its own: closes clients of a kind in every way they have, and must end by itself.

import { call } from '../client.js';
import { kindOf, wrap } from '../majors.js';

const [url = '', name = ''] = process.argv.slice(2);
const kind = kindOf(name);
for (const close of [...kind.closing, 'dispose']) {
  const redis = wrap(kind.create(url), { prefixes: ['k:'] });
  await redis.connect();
  await redis.near.ready();
  await redis.get('k:1');
  await redis.get('k:1');
  if (close === 'dispose') await redis[Symbol.asyncDispose]();
  else await call(redis, close);
}
process.stdout.write('done\n');
