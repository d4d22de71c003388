// The steps of the lock that only matter when two meet: looking again after it was won, and giving back what is one's own.

import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();
const LOCK = 'k:{k:1}~lock';

let proxy: TcpProxy;
let tracking: TcpProxy;
let redis: ReturnType<typeof connectNear>;

function connectNear() {
  const raw = createClient({ url: proxy.url });
  raw.on('error', () => {});
  return withNearCache(raw, { prefixes: ['k:'], tracking: { url: tracking.url } });
}

beforeEach(async () => {
  proxy = await TcpProxy.start(server.port);
  tracking = await TcpProxy.start(server.port);
  redis = connectNear();
  await redis.connect();
  await redis.near.ready();
});
afterEach(async () => {
  redis.near.close();
  await redis.disconnect();
  await proxy.stop();
  await tracking.stop();
});

test('a value that came between the read and the lock is not loaded again', async () => {
  let loads = 0;
  const loader = redis.near.loader<string>({
    prefix: 'k:',
    ttl: 60_000,
    redisTimeout: 20_000,
    load: () => {
      loads++;
      return 'loaded';
    },
  });
  // The miss is on its way back, and nothing else gets through meanwhile.
  proxy.hold('down');
  const got = loader.get('1');
  await until(() => proxy.held('down') > 0);
  await server.command('SET', 'k:1', '"theirs"', 'PX', '60000');
  proxy.release('down');
  expect(await got).toBe('theirs');
  expect(loads).toBe(0);
  expect(await server.command('EXISTS', LOCK)).toBe(0);
});

test('a load that fails gives back no lock that is another holder’s by now', async () => {
  let fail: (error: Error) => void = () => {};
  const loader = redis.near.loader<string>({
    prefix: 'k:',
    ttl: 60_000,
    lock: { ttl: 60_000 },
    load: () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  });
  const got = loader.get('1').catch((error: unknown) => error);
  await until(async () => (await server.command('EXISTS', LOCK)) === 1);
  await until(() => redis.near.stats().loaders['k:']?.loads === 1);
  await server.command('SET', LOCK, 'another', 'PX', '60000');
  fail(new Error('away'));
  expect(await got).toMatchObject({ code: 'ERR_NEAR_LOAD' });
  // What it sends to give the lock back was answered before this is.
  await redis.get('other');
  expect(await server.command('GET', LOCK)).toBe('another');
});

describe('a change during a load whose push has not arrived', () => {
  const text = (name: string): string => JSON.stringify(name);

  /** A load under way of a key that held this, with nothing heard from then on. @returns what Redis holds in the end */
  async function outcome(before: readonly string[] | undefined, change: () => Promise<unknown>) {
    let finish: () => void = () => {};
    const loader = redis.near.loader<string>({
      prefix: 'k:',
      ttl: 60_000,
      load: () =>
        new Promise((resolve) => {
          finish = () => resolve('loaded');
        }),
    });
    if (before !== undefined) await server.command('SET', 'k:1', ...before);
    const got = loader.refresh('1');
    await until(() => redis.near.stats().loaders['k:']?.loads === 1);
    tracking.hold('down');
    await change();
    finish();
    expect(await got).toBe('loaded');
    return server.command('GET', 'k:1');
  }

  test('is found by the fill: a value where there was none', async () => {
    const change = () => server.command('SET', 'k:1', text('theirs'));
    expect(await outcome(undefined, change)).toBe(text('theirs'));
  });

  test('is found by the fill: another value', async () => {
    const change = () => server.command('SET', 'k:1', text('theirs'));
    expect(await outcome([text('there')], change)).toBe(text('theirs'));
  });

  test('is found by the fill: the same text, written again', async () => {
    const change = () => server.command('SET', 'k:1', text('there'), 'PX', '50000');
    expect(await outcome([text('there'), 'PX', '60000'], change)).toBe(text('there'));
  });

  test('is found by the fill: a deletion', async () => {
    const change = () => server.command('DEL', 'k:1');
    expect(await outcome([text('there'), 'PX', '60000'], change)).toBeNull();
  });

  test('is found by the fill: an invalidation of a key that was not there', async () => {
    const change = () => server.command('DEL', 'k:1', LOCK);
    expect(await outcome(undefined, change)).toBeNull();
  });
});

test('where nothing is tracked, what is gone is not taken for expired', async () => {
  await server.command(
    'ACL',
    'SETUSER',
    'untracked',
    'on',
    'nopass',
    '~*',
    '&*',
    '+@all',
    '-client|tracking',
  );
  const raw = createClient({ url: server.url });
  raw.on('error', () => {});
  const untracked = withNearCache(raw, {
    prefixes: ['k:'],
    fallback: 'ttl',
    tracking: { username: 'untracked', password: '' },
  });
  await untracked.connect();
  try {
    await until(() => untracked.near.state === 'serving');
    let finish: () => void = () => {};
    const loader = untracked.near.loader<string>({
      prefix: 'k:',
      ttl: 60_000,
      load: () =>
        new Promise((resolve) => {
          finish = () => resolve('loaded');
        }),
    });
    await server.command('SET', 'k:1', '"there"', 'PX', '300');
    const ends = performance.now() + 300;
    const got = loader.refresh('1');
    await until(() => untracked.near.stats().loaders['k:']?.loads === 1);
    await server.command('DEL', 'k:1');
    await until(() => performance.now() > ends + 20);
    finish();
    expect(await got).toBe('loaded');
    expect(await server.command('GET', 'k:1')).toBeNull();
  } finally {
    untracked.near.close();
    await raw.disconnect();
  }
});
