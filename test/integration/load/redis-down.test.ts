// A loader whose Redis is gone, silent or slow: it answers all the same, the origin is asked no more than it must be, and
// nothing hangs.

import { createClient } from 'redis-client-v4';
import { type Loader, type LoaderOptions, withNearCache } from 'redis-near-cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();
const LIMIT = 300;
/** What a busy machine may take on top. Unit: ms. */
const SLACK = 3_000;

let proxy: TcpProxy;
let redis: ReturnType<typeof connectNear>;
let loads: number;
let now: number;
let most: number;

function connectNear() {
  const raw = createClient({ url: proxy.url, socket: { reconnectStrategy: 20 } });
  raw.on('error', () => {});
  return withNearCache(raw, { prefixes: ['k:'], tracking: { reconnectStrategy: 20 } });
}

function make(options: Partial<LoaderOptions<string>> = {}): Loader<string> {
  return redis.near.loader<string>({
    prefix: 'k:',
    ttl: 60_000,
    redisTimeout: LIMIT,
    async load(id) {
      loads++;
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now--;
      return `load of ${id}`;
    },
    ...options,
  });
}

beforeEach(async () => {
  proxy = await TcpProxy.start(server.port);
  redis = connectNear();
  await redis.connect();
  await redis.near.ready();
  loads = 0;
  now = 0;
  most = 0;
});
afterEach(async () => {
  redis.near.close();
  await redis.disconnect();
  await proxy.stop();
});

const ways: readonly [name: string, strike: () => void][] = [
  ['refuses connections', () => proxy.refuse()],
  ['says nothing', () => proxy.blackhole()],
];

describe.each(ways)('Redis %s:', (_, strike) => {
  test('readers get the value within the time limit, by one load, which is kept for a moment', async () => {
    const loader = make();
    const fallbacks: unknown[] = [];
    redis.near.on('fallback', ({ reason }) => fallbacks.push(reason));
    strike();
    const begin = performance.now();
    const values = await Promise.all(Array.from({ length: 50 }, () => loader.get('1')));
    expect(performance.now() - begin).toBeLessThan(LIMIT + SLACK);
    expect(new Set(values)).toEqual(new Set(['load of 1']));
    expect(loads).toBe(1);
    expect(fallbacks).toEqual(['redis']);
    expect(redis.near.stats().loaders['k:']).toMatchObject({ redisFallbacks: 1 });
    // Whoever comes next does not wait for the limit, and asks nobody.
    const again = performance.now();
    expect(await loader.get('1')).toBe('load of 1');
    if (performance.now() - again < 400) expect(loads).toBe(1);
  });

  test('many keys are loaded a few at a time', async () => {
    const loader = make({ maxConcurrentLoads: 4 });
    strike();
    const ids = Array.from({ length: 40 }, (_, id) => String(id));
    expect(await Promise.all(ids.map((id) => loader.get(id)))).toEqual(ids.map((id) => `load of ${id}`));
    expect(await loader.getMany(['a', 'b'])).toEqual(['load of a', 'load of b']);
    expect(most).toBe(4);
  });

  test('writes say so in time', async () => {
    const loader = make();
    strike();
    const begin = performance.now();
    const results = await Promise.allSettled([loader.set('1', 'x'), loader.invalidate('1')]);
    expect(performance.now() - begin).toBeLessThan(LIMIT + SLACK);
    for (const result of results) expect(result.status).toBe('rejected');
  });

  test('what was kept goes with an invalidation that fails, too', async () => {
    const loader = make();
    strike();
    await loader.get('1');
    await loader.invalidate('1').catch(() => {});
    await loader.get('1');
    expect(loads).toBe(2);
  });

  test('when it is back, values lie there again', async () => {
    const loader = make();
    strike();
    await loader.get('1');
    proxy.heal();
    await until(
      async () => {
        await loader.get('1');
        return (await server.command('GET', 'k:1')) === '"load of 1"';
      },
      20_000,
      'the value to be in Redis',
    );
  });
});

test('Redis goes while a load is under way: the value is returned in time', async () => {
  const loader = make({
    load: async () => {
      proxy.blackhole();
      return 'loaded';
    },
  });
  const begin = performance.now();
  expect(await loader.get('1')).toBe('loaded');
  expect(performance.now() - begin).toBeLessThan(LIMIT + SLACK);
});

test('without tracking those who wait look again by themselves', async () => {
  const loader = make();
  await server.command('SET', 'k:{k:1}~lock', 'theirs', 'PX', '60000');
  const got = loader.get('1');
  redis.near.close();
  await until(() => redis.near.stats().loaders['k:']?.lockWaited === 1);
  await server.command('SET', 'k:1', '"theirs"', 'PX', '60000');
  expect(await got).toBe('theirs');
  expect(loads).toBe(0);
});
