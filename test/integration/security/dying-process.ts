// A process that dies of an error nobody handles, in the way that its argument names. Run by unhandled.test.ts, which reads
// what it leaves on the console.

import { createClient } from '@redis/client';
import { type NearCacheOptions, withNearCache } from '../../../src/index.js';

const { DATA_URL: url = '', TRACKING_URL: trackingUrl = '' } = process.env;

function wrap(options: Partial<NearCacheOptions> = {}) {
  const client = createClient({ url });
  return withNearCache(client, { prefixes: ['k:'], tracking: { url: trackingUrl }, ...options });
}

const WAYS: Readonly<Record<string, () => Promise<unknown>>> = {
  'a rejection of ready()': async () => {
    const redis = wrap();
    redis.on('error', () => {});
    await redis.connect();
    await redis.near.ready();
  },
  'a listener that throws what it is told': async () => {
    const redis = wrap();
    redis.on('error', () => {});
    redis.near.on('error', (error) => {
      throw error;
    });
    await redis.connect();
    await new Promise(() => {});
  },
  'a logger that prints everything and throws': async () => {
    const print = (fields: object, message: string): void => console.log(message, fields);
    const error = (fields: object, message: string): never => {
      console.error(message, fields, JSON.stringify(fields));
      throw Object.assign(new Error('The logger failed.'), fields);
    };
    const redis = wrap({ logger: { debug: print, info: print, warn: print, error } });
    redis.on('error', () => {});
    await redis.connect();
    await new Promise(() => {});
  },
  'a read that is refused': async () => {
    const redis = wrap({ fallback: 'error' });
    redis.on('error', () => {});
    await redis.connect();
    await redis.near.ready().catch(() => {});
    console.log(redis, redis.near, redis.near.stats());
    await redis.get('k:1');
  },
  'a bad option': async () => wrap({ tracking: url as never }),
  'a bad url': async () => wrap({ tracking: { url: trackingUrl.replace('redis:', 'http:') } }),
};

await WAYS[process.argv[2] ?? '']?.();
