// Whoever has the fill lock may die, freeze, lose Redis or take too long: one clean value comes of it, and in bounded time.

import { createClient } from 'redis-client-v4';
import { type Loader, type LoaderOptions, withNearCache } from 'redis-near-cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { LoadingProcess } from './loading-processes.js';

const server = await useServer();

const LOCK = { ttl: 1_000, wait: 8_000 };
/** Longer than any of the waits. Unit: ms. */
const ENDLESS = 60_000;
/** What a busy machine may take on top. Unit: ms. */
const SLACK = 3_000;

let holder: LoadingProcess;
let data: TcpProxy;
let tracking: TcpProxy;
let raw: ReturnType<typeof createClient>;
let waiter: Loader<string>;
let near: ReturnType<typeof connectNear>['near'];
let loaded: string[];

function connectNear() {
  raw = createClient({ url: server.url });
  raw.on('error', () => {});
  return withNearCache(raw, { prefixes: ['k:'] });
}

/** A holder that is loading `old`, and somebody who waits for it, whose own load brings `new` at once. */
async function start(options: Partial<LoaderOptions<string>>, delay = ENDLESS) {
  await server.command('SET', 'row:1', 'old');
  holder = await LoadingProcess.start({
    dataUrl: data.url,
    trackingUrl: tracking.url,
    originUrl: server.url,
    delay,
    options: { lock: LOCK, timeout: 2 * ENDLESS, ...options },
  });
  loaded = [];
  waiter = near.loader<string>({
    prefix: 'k:',
    ttl: 60_000,
    load: (id) => {
      loaded.push(id);
      return 'new';
    },
    lock: LOCK,
    ...options,
  });
  const held = holder.one('get', '1');
  await until(async () => (await server.command('GET', 'loads:1')) === '1');
  const begin = performance.now();
  const value = waiter.get('1').then((got) => ({ got, waited: performance.now() - begin }));
  await until(() => near.stats().loaders['k:']?.lockWaited === 1);
  return { held: [held], value: [value] };
}

beforeEach(async () => {
  data = await TcpProxy.start(server.port);
  tracking = await TcpProxy.start(server.port);
  const redis = connectNear();
  near = redis.near;
  await redis.connect();
  await redis.near.ready();
});
afterEach(async () => {
  await holder.kill();
  near.close();
  await raw.disconnect();
  await data.stop();
  await tracking.stop();
});

/** The lock is not refreshed any more, and runs out: then the waiter takes over. */
async function takesOver(value: readonly Promise<{ got: string | null; waited: number }>[]) {
  const [settled] = await Promise.all(value);
  expect(settled?.got).toBe('new');
  expect(settled?.waited).toBeLessThan(LOCK.ttl + SLACK);
  expect(loaded).toEqual(['1']);
  expect(await server.command('GET', 'k:1')).toBe('"new"');
  expect(near.stats().loaders['k:']).toMatchObject({ lockTakenOver: 1, lockFallbacks: 0 });
}

describe('a holder that', () => {
  test('is killed costs no more than the rest of the lock', async () => {
    const { value } = await start({});
    await holder.kill();
    await takesOver(value);
  });

  test('freezes costs no more than that, and does not write when it thaws', async () => {
    const { value, held } = await start({}, 400);
    holder.freeze();
    await takesOver(value);
    holder.thaw();
    // It has what it loaded, and Redis keeps what is newer.
    expect(await Promise.all(held)).toEqual(['old']);
    expect(await holder.one('stats')).toMatchObject({ discardedFills: 1 });
    expect(await server.command('GET', 'k:1')).toBe('"new"');
  });

  test('is cut off from Redis costs no more than that, and answers its own readers', async () => {
    const { value, held } = await start({}, 1_500);
    data.blackhole();
    tracking.blackhole();
    await takesOver(value);
    expect(await Promise.all(held)).toEqual(['old']);
    data.heal();
    tracking.heal();
    await until(async () => (await holder.one('state')) === 'serving', 20_000);
    // What was on its way when the line was cut may have arrived by now.
    await until(async () => (await holder.one('get', '1')) === 'new');
    expect(await server.command('GET', 'k:1')).toBe('"new"');
  });

  test('finishes after its lock ran out does not write', async () => {
    const { value, held } = await start({ lock: { ...LOCK, extend: false } }, 2_500);
    await takesOver(value);
    expect(await Promise.all(held)).toEqual(['old']);
    expect(await holder.one('stats')).toMatchObject({ discardedFills: 1 });
    expect(await server.command('GET', 'k:1')).toBe('"new"');
    await until(async () => (await holder.one('get', '1')) === 'new');
  });

  test('takes long keeps its lock by extending it', async () => {
    const { value, held } = await start({}, 2_500);
    const [settled] = await Promise.all(value);
    expect(settled?.got).toBe('old');
    expect(await Promise.all(held)).toEqual(['old']);
    expect(loaded).toEqual([]);
  });

  test('takes longer than lock.wait is passed by, and an event says so', async () => {
    const fallbacks: object[] = [];
    near.on('fallback', (event) => fallbacks.push(event));
    const { value } = await start({ lock: { ttl: 1_000, wait: 600 } });
    const [settled] = await Promise.all(value);
    expect(settled?.got).toBe('new');
    expect(settled?.waited).toBeGreaterThanOrEqual(600);
    expect(settled?.waited).toBeLessThan(600 + SLACK);
    expect(fallbacks).toEqual([
      { prefix: 'k:', key: 'k:1', reason: 'lock', waited: expect.closeTo(settled?.waited ?? 0, -3) },
    ]);
    expect(near.stats().loaders['k:']).toMatchObject({ lockFallbacks: 1, loads: 1 });
    expect(await server.command('GET', 'k:1')).toBe('"new"');
  });

  test('fails hands over at once', async () => {
    const { value, held } = await start({ timeout: 700 });
    const [settled] = await Promise.all(value);
    expect(String((await Promise.all(held))[0])).toContain('took longer than timeout (700 ms)');
    expect(settled?.got).toBe('new');
    expect(settled?.waited).toBeLessThan(700 + SLACK);
    expect(await server.command('GET', 'k:1')).toBe('"new"');
  });
});

test('a lock is never written without an expiry', async () => {
  const { value } = await start({});
  expect(Number(await server.command('PTTL', 'k:{k:1}~lock'))).toBeGreaterThan(0);
  await holder.kill();
  await Promise.all(value);
  expect(await server.command('EXISTS', 'k:{k:1}~lock')).toBe(0);
});
