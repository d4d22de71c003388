// What docs/security.md says a data user with loaders needs is enough.

import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { expect, test } from 'vitest';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

const RIGHTS = '+get +mget +pttl +del +eval +set +pexpire +pexpiretime +time';

test('a data user with these rights can do all that loaders do', async () => {
  await server.command('ACL', 'SETUSER', 'data', 'on', 'nopass', '~k:*', '-@all', ...RIGHTS.split(' '));
  const raw = createClient({ url: server.url, username: 'data', password: 'any' });
  raw.on('error', () => {});
  const redis = withNearCache(raw, { prefixes: ['k:'], tracking: { username: 'default', password: '' } });
  const errors: unknown[] = [];
  redis.near.on('error', (error) => errors.push(error));
  await redis.connect();
  await redis.near.ready();
  try {
    let finish: (() => void) | undefined;
    const loader = redis.near.loader<string>({
      prefix: 'k:',
      ttl: 60_000,
      lock: { ttl: 1_500 },
      async load(id) {
        if (id === 'slow')
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        return `${id} loaded`;
      },
    });
    expect(await loader.get('1')).toBe('1 loaded');
    expect(await loader.getMany(['1', '2'])).toEqual(['1 loaded', '2 loaded']);
    await loader.set('1', 'set');
    expect(await loader.get('1')).toBe('set');
    await loader.invalidate(['1', '2']);
    // Extends its lock, and finds that what was there has expired.
    await server.command('SET', 'k:slow', '"there"', 'PX', '700');
    const slow = loader.refresh('slow');
    await until(() => finish !== undefined);
    await until(async () => (await server.command('EXISTS', 'k:slow')) === 0);
    finish?.();
    expect(await slow).toBe('slow loaded');
    expect(await server.command('GET', 'k:slow')).toBe('"slow loaded"');
    await until(() => redis.near.stats().loaders['k:']?.loads === 3);
    expect(errors).toEqual([]);
    expect(redis.near.stats().loaders['k:']).toMatchObject({ redisFallbacks: 0, discardedFills: 0 });
  } finally {
    redis.near.close();
    await raw.disconnect();
  }
});
