// The tracking connection: where and as whom it connects, what it asks for, and what a refusal means.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { createClient } from 'redis-client-v4';
import { type NearCacheOptions, withNearCache } from 'redis-near-cache';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

type ClientOptions = Parameters<typeof createClient>[0];

let server: RedisServer;
const closers: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(() => server.command('FLUSHALL'));
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function wrap(client: ClientOptions, options: Partial<NearCacheOptions> = {}) {
  const raw = createClient(client);
  raw.on('error', () => {});
  const redis = withNearCache(raw, { prefixes: ['k:'], ...options });
  closers.push(async () => {
    redis.near.close();
    if (raw.isOpen) await raw.disconnect();
  });
  return redis;
}

/** The server's row about the one client that has tracking on. */
async function trackingRow(of = server): Promise<string> {
  const rows = String(await of.command('CLIENT', 'LIST')).split('\n');
  return rows.find((row) => /flags=\w*B/.test(row)) ?? '';
}

async function expectCaching(redis: ReturnType<typeof wrap>): Promise<void> {
  await redis.near.ready();
  await redis.get('k:1');
  expect(redis.near.peek('k:1')).toBeNull();
  const outsider = redis.duplicate();
  outsider.on('error', () => {});
  await outsider.connect();
  await outsider.set('k:1', 'new');
  await outsider.disconnect();
  await until(async () => (await redis.get('k:1')) === 'new');
}

describe('connects like the data client', () => {
  test('by url, with user, password and database', async () => {
    await server.command('ACL', 'SETUSER', 'app', 'on', '>s:ecret/', '~*', '+@all');
    const redis = wrap({ url: `redis://app:s%3Aecret%2F@127.0.0.1:${server.port}/3`, name: 'shop' });
    await redis.connect();
    await expectCaching(redis);
    expect(await trackingRow()).toMatch(/name=shop:tracking .*db=3 .*user=app /);
  });

  test('by socket options, and without any name', async () => {
    const redis = wrap({ socket: { host: '127.0.0.1', port: server.port, keepAlive: 1000 } });
    await redis.connect();
    await expectCaching(redis);
    expect(await trackingRow()).toMatch(/name=near-cache:tracking .*resp=3/);
    expect(redis.near.stats().tracking[0]?.node).toBe(`127.0.0.1:${server.port}`);
  });

  test('by unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'near-cache-'));
    const path = join(folder, 'redis.sock');
    const local = await RedisServer.start('--unixsocket', path);
    closers.push(async () => {
      await local.stop();
      rmSync(folder, { recursive: true });
    });
    const redis = wrap({ socket: { path } });
    await redis.connect();
    await expectCaching(redis);
    expect(redis.near.stats().tracking[0]?.node).toBe(path);
  });

  test('by TLS, with the same authority', async () => {
    const pem = (name: string) => fileURLToPath(new URL(`../support/tls/${name}.pem`, import.meta.url));
    const tlsPort = await freePort();
    const files = [
      '--tls-cert-file',
      pem('server'),
      '--tls-key-file',
      pem('server-key'),
      '--tls-ca-cert-file',
      pem('ca'),
    ];
    const secure = await RedisServer.start('--tls-port', `${tlsPort}`, '--tls-auth-clients', 'no', ...files);
    closers.push(() => secure.stop());
    const { readFileSync } = await import('node:fs');
    const redis = wrap({
      url: `rediss://localhost:${tlsPort}`,
      socket: { tls: true, ca: readFileSync(pem('ca')) },
    });
    await redis.connect();
    await expectCaching(redis);
  });
});

describe('tracking', () => {
  test('overrides say where, as whom and under which name', async () => {
    await server.command('ACL', 'SETUSER', 'tracker', 'on', '>pw', 'resetkeys', '+client|tracking', '+ping');
    const redis = wrap(
      { socket: { host: '127.0.0.1', port: server.port }, database: 2 },
      { tracking: { username: 'tracker', password: 'pw', name: 'ears' } },
    );
    await redis.connect();
    await expectCaching(redis);
    expect(await trackingRow()).toMatch(/name=ears .*db=0 .*user=tracker /);
  });

  test('a url of its own keeps the password out of sight and may differ from the data address', async () => {
    await server.command('ACL', 'SETUSER', 'tracker', 'on', '>pw', 'resetkeys', '+client|tracking', '+ping');
    const redis = wrap(
      { url: server.url },
      { tracking: { url: `redis://tracker:pw@localhost:${server.port}` } },
    );
    await redis.connect();
    await redis.near.ready();
    expect(redis.near.stats().tracking[0]?.node).toBe(`localhost:${server.port}`);
    expect(JSON.stringify(redis.near.stats())).not.toContain('pw@');
  });

  test.each([true, false])('noLoop: %s asks for it or leaves it out', async (noLoop) => {
    const monitor = createClient({ url: server.url });
    await monitor.connect();
    closers.push(() => monitor.disconnect());
    await monitor.configSet('slowlog-log-slower-than', '0');
    await monitor.sendCommand(['SLOWLOG', 'RESET']);
    const redis = wrap({ url: server.url }, { tracking: { noLoop } });
    await redis.connect();
    await redis.near.ready();
    const log = JSON.stringify(await monitor.sendCommand(['SLOWLOG', 'GET', '100']));
    await monitor.configSet('slowlog-log-slower-than', '10000');
    expect(/"CLIENT","TRACKING","ON","BCAST"[^\]]*/.exec(log)?.[0].includes('NOLOOP')).toBe(noLoop);
  });
});

describe('a server that refuses', () => {
  test('by permission: ready() rejects and says what to grant, reads work as with the bare client', async () => {
    await server.command('ACL', 'SETUSER', 'mute', 'on', '>pw', '~*', '+@all', '-client|tracking');
    const redis = wrap({ url: `redis://mute:pw@127.0.0.1:${server.port}` });
    const errors: unknown[] = [];
    redis.near.on('error', (error) => errors.push(error));
    await redis.connect();
    await expect(redis.near.ready()).rejects.toMatchObject({
      code: 'ERR_NEAR_TRACKING_DENIED',
      message: expect.stringContaining('+client|tracking +ping'),
    });
    await redis.set('k:1', 'value');
    expect(await redis.get('k:1')).toBe('value');
    expect(redis.near.state).toBe('bypass');
    expect(errors).toHaveLength(1);
    expect(inspect(errors, { depth: 9 })).not.toMatch(/:pw@|'pw'/);
  });

  test('by password: the same code, without the password', async () => {
    const redis = wrap({ url: server.url }, { tracking: { username: 'nobody', password: 'hunter2' } });
    await redis.connect();
    const error = await redis.near.ready().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ERR_NEAR_TRACKING_DENIED' });
    expect(String(error)).not.toContain('hunter2');
    expect(await redis.get('k:1')).toBeNull();
  });

  describe.each([
    ['HELLO', 'as Redis 5 does'],
    ['CLIENT', 'as some proxies do'],
  ])('by not knowing %s, %s', (command) => {
    let old: RedisServer;
    beforeAll(async () => {
      old = await RedisServer.start('--rename-command', command, '');
    });
    afterAll(() => old.stop());

    test('ready() rejects, reads work', async () => {
      const redis = wrap({ url: old.url });
      await redis.connect();
      await expect(redis.near.ready()).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_UNSUPPORTED' });
      await redis.set('k:1', 'value');
      expect(await redis.get('k:1')).toBe('value');
      expect(redis.near.peek('k:1')).toBeUndefined();
    });

    test("fallback: 'ttl' keeps replies for at most a second, and own writes are seen", async () => {
      const redis = wrap({ url: old.url }, { fallback: 'ttl' });
      await redis.connect();
      await expect(redis.near.ready()).rejects.toThrow();
      await redis.set('k:1', 'value');
      expect(await redis.get('k:1')).toBe('value');
      const held = performance.now();
      expect(redis.near.peek('k:1')).toBe('value');
      await redis.set('k:1', 'own');
      expect(await redis.get('k:1')).toBe('own');
      await old.command('SET', 'k:1', 'foreign');
      await until(async () => (await redis.get('k:1')) === 'foreign');
      expect(performance.now() - held).toBeLessThan(2_000);
      await redis.eval("return redis.call('SET', 'k:1', 'hidden')");
      expect(await redis.get('k:1')).toBe('hidden');
    });

    test("fallback: 'error' rejects reads of registered keys with the coded error", async () => {
      const redis = wrap({ url: old.url }, { fallback: 'error' });
      await redis.connect();
      await expect(redis.near.ready()).rejects.toThrow();
      await expect(redis.get('k:1')).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_UNSUPPORTED' });
      await expect(redis.mGet(['k:1'])).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_UNSUPPORTED' });
      expect(await redis.get('other:1')).toBeNull();
      await redis.set('k:1', 'value');
    });
  });
});

test('a reconnectStrategy that gives up rejects ready() and leaves reads working', async () => {
  const redis = wrap(
    { url: server.url },
    { tracking: { url: 'redis://127.0.0.1:1', reconnectStrategy: false } },
  );
  const waiting = redis.near.ready();
  await redis.connect();
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_LOST' });
  await expect(redis.near.ready()).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_LOST' });
  expect(await redis.get('k:1')).toBeNull();
});
