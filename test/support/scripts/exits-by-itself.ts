// Run as a process of its own by lifecycle tests: it must end by itself once the user's own client is closed.

import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';

const [url = '', ending = ''] = process.argv.slice(2);
const raw = createClient({ url });
raw.on('error', () => {});
const redis = withNearCache(raw, { prefixes: ['k:'] });
await redis.connect();
await redis.near.ready();
await redis.get('k:1');
await redis.get('k:1');

if (ending === 'quit') await redis.quit();
if (ending === 'disconnect') await redis.disconnect();
if (ending === 'raw quit') await raw.quit();
if (ending === 'unref') raw.unref();
if (ending === 'dispose') await redis[Symbol.asyncDispose]();
process.stdout.write('done\n');
