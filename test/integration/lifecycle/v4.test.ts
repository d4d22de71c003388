// Connecting, closing and everything between: the cache follows the client and leaves nothing behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { describe, expect, test } from 'vitest';
import { makeRig, type PlainClient } from '../../support/rig.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const OPTIONS = { prefixes: ['k:'] };

const server = await useServer();

const plain = (): PlainClient => createClient({ url: server.url }).on('error', () => {});

async function clientsAtServer(): Promise<number> {
  const rows = String(await server.command('CLIENT', 'LIST'))
    .trim()
    .split('\n');
  return rows.length - 1;
}

describe('connecting', () => {
  test('a created client: connect() connects both, and reads are cached right after it', async () => {
    await using redis = withNearCache(plain(), OPTIONS);
    expect(redis.near.state).toBe('connecting');
    expect(await redis.connect()).toBe(redis);
    expect(redis.near.state).toBe('serving');
  });

  test('a connected client: tracking starts at once', async () => {
    const raw = plain();
    await raw.connect();
    await using redis = withNearCache(raw, OPTIONS);
    await redis.near.ready();
    expect(redis.near.state).toBe('serving');
  });

  test('a client connected past the wrapper is followed too', async () => {
    const raw = plain();
    await using redis = withNearCache(raw, OPTIONS);
    await raw.connect();
    await redis.near.ready();
  });

  test('connect() does not wait for a tracking connection that gets no answer', async () => {
    const proxy = await TcpProxy.start(server.port);
    proxy.blackhole();
    await using redis = withNearCache(plain(), { ...OPTIONS, tracking: { url: proxy.url } });
    await redis.connect();
    expect(redis.near.state).toBe('connecting');
    expect(await redis.get('k:1')).toBeNull();
    await proxy.stop();
  });

  test('a tracking connection that is accepted and gets no answer is tried again', async () => {
    const proxy = await TcpProxy.start(server.port);
    proxy.blackhole();
    const tracking = { url: proxy.url, socket: { connectTimeout: 100 }, reconnectStrategy: 10 };
    await using redis = withNearCache(plain(), { ...OPTIONS, tracking });
    await redis.connect();
    await until(() => redis.near.state === 'bypass');
    proxy.heal();
    await until(() => redis.near.state === 'serving');
    await proxy.stop();
  });

  test('connect() rejects as the client does, and can be tried again', async () => {
    const raw = createClient({ socket: { port: 1, reconnectStrategy: false } }).on('error', () => {});
    await using redis = withNearCache(raw, OPTIONS);
    const ready = redis.near.ready();
    await expect(redis.connect()).rejects.toThrow('ECONNREFUSED');
    await expect(ready).rejects.toMatchObject({ code: 'ERR_NEAR_CLOSED' });
    await expect(redis.connect()).rejects.toThrow('ECONNREFUSED');
  });
});

describe('closing', () => {
  test.each(['quit', 'QUIT', 'disconnect'] as const)('%s closes both connections', async (close) => {
    const before = await clientsAtServer();
    const redis = withNearCache(plain(), OPTIONS);
    await redis.connect();
    expect(await clientsAtServer()).toBe(before + 2);
    await redis[close]();
    expect(redis.near.state).toBe('closed');
    await until(async () => (await clientsAtServer()) === before);
    await expect(redis.get('k:1')).rejects.toThrow('closed');
    await expect(redis.near.ready()).rejects.toMatchObject({ code: 'ERR_NEAR_CLOSED' });
  });

  test('a client closed past the wrapper closes tracking', async () => {
    const before = await clientsAtServer();
    const raw = plain();
    const redis = withNearCache(raw, OPTIONS);
    await redis.connect();
    await raw.quit();
    expect(redis.near.state).toBe('closed');
    await until(async () => (await clientsAtServer()) === before);
  });

  test('what was quit can be connected again', async () => {
    await using redis = withNearCache(plain(), OPTIONS);
    for (let i = 0; i < 3; i++) {
      await redis.connect();
      await redis.get('k:1');
      expect(redis.near.peek('k:1')).toBeNull();
      await redis.quit();
      expect(redis.near.stats()).toMatchObject({ state: 'closed', entries: 0 });
      if (i < 2) expect(redis.near.peek('k:1')).toBeUndefined();
    }
    await redis.connect();
  });

  test('near.close() ends the cache for good and leaves the client open', async () => {
    await using rig = await makeRig(server);
    await rig.redis.get('k:1');
    rig.redis.near.close();
    rig.redis.near.close();
    expect(rig.redis.near.stats()).toMatchObject({
      state: 'closed',
      entries: 0,
      tracking: [{ state: 'closed' }],
    });
    await rig.redis.set('k:1', 'value');
    expect(await rig.redis.get('k:1')).toBe('value');
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
    expect(rig.raw.listenerCount('ready') + rig.raw.listenerCount('end')).toBe(0);
  });

  test('close() during connect, during the handshake and during a flight', async () => {
    const before = await clientsAtServer();
    const early = withNearCache(plain(), OPTIONS);
    const connecting = early.connect();
    early.near.close();
    await connecting;
    await early.quit();

    const raw = plain();
    await raw.connect();
    const shaking = withNearCache(raw, OPTIONS);
    const ready = shaking.near.ready();
    shaking.near.close();
    await expect(ready).rejects.toMatchObject({ code: 'ERR_NEAR_CLOSED' });
    const reading = shaking.get('k:1');
    await shaking.quit();
    expect(await reading).toBeNull();
    await until(async () => (await clientsAtServer()) === before);
  });

  test('await using closes everything', async () => {
    const before = await clientsAtServer();
    {
      await using redis = withNearCache(plain(), OPTIONS);
      await redis.connect();
      expect(await clientsAtServer()).toBe(before + 2);
    }
    await until(async () => (await clientsAtServer()) === before);
  });
});

test('100 times wrap, connect, read and quit leave no connection and no listener', async () => {
  const before = await clientsAtServer();
  const warnings: unknown[] = [];
  const collect = (warning: unknown) => warnings.push(warning);
  process.on('warning', collect);
  const raw = plain();
  for (let i = 0; i < 100; i++) {
    const redis = withNearCache(raw, OPTIONS);
    await redis.connect();
    await redis.get('k:1');
    await redis[Symbol.asyncDispose]();
  }
  process.off('warning', collect);
  expect(warnings).toEqual([]);
  expect(raw.eventNames()).toEqual(['error']);
  await until(async () => (await clientsAtServer()) === before);
});

test.each(['quit', 'disconnect', 'raw quit', 'unref', 'dispose'])(
  'a process ends by itself after %s',
  async (ending) => {
    const script = fileURLToPath(new URL('../../support/scripts/exits-by-itself.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, server.url, ending], { stdio: 'pipe' });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const exit = once(child, 'exit');
    await until(() => output.includes('done'), 15_000);
    const done = performance.now();
    const [code] = await exit;
    expect(code).toBe(0);
    expect(performance.now() - done).toBeLessThan(2_000);
  },
);
