// Symptoms that were found once, each with the test that would have told.

import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { describe, expect, test } from 'vitest';
import { RedisServer } from '../support/redis-server.js';
import { calls, makeRig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

type ClientOptions = NonNullable<Parameters<typeof createClient>[0]>;

const server = await useServer();

function quietClient(options: ClientOptions = {}) {
  return createClient({ url: server.url, ...options }).on('error', () => {});
}

describe('the tracking connection goes where the data goes', () => {
  test('when the url leaves out the port that socket names', async () => {
    await using redis = withNearCache(
      quietClient({ url: 'redis://127.0.0.1', socket: { port: server.port } }),
      {
        prefixes: ['k:'],
      },
    );
    await redis.connect();
    await redis.near.ready();
    expect(redis.near.stats().tracking[0]?.node).toBe(`127.0.0.1:${server.port}`);
  });

  test('as a user without a password', async () => {
    await server.command('ACL', 'SETUSER', 'open', 'on', 'nopass', '~*', '+@all');
    await using redis = withNearCache(quietClient({ username: 'open' }), { prefixes: ['k:'] });
    await redis.connect();
    await redis.near.ready();
    expect(String(await server.command('CLIENT', 'LIST'))).toMatch(/flags=\w*B.*user=open /);
  });

  test('with a connectTimeout of 0, which is no limit', async () => {
    const raw = quietClient({ socket: { connectTimeout: 0 } });
    await using redis = withNearCache(raw, { prefixes: ['k:'] });
    await redis.connect();
    await redis.near.ready();
  });
});

test('unregister() on a silent connection settles, and the cache comes back', async () => {
  await using rig = await makeRig(server, {
    prefixes: ['k:', 'gone:'],
    heartbeat: 100,
    maxStaleness: 500,
    tracking: { socket: { connectTimeout: 300 } },
  });
  rig.tracking.strand();
  await rig.redis.near.unregister('gone:');
  await rig.serving();
});

test('a reply decoded as bytes, because a subscription began meanwhile, is not held', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'text');
  await until(() => rig.prefix().invalidations === 1);
  const reads = [rig.redis.get('k:1'), rig.redis.mGet(['k:1'])];
  await rig.redis.subscribe('channel', () => {});
  await Promise.all(reads);
  await rig.redis.unsubscribe('channel');
  expect(await rig.redis.get('k:1')).toBe('text');
  expect(await rig.redis.mGet(['k:1'])).toEqual(['text']);
});

test('a second WATCH that fails leaves the first one in force', async () => {
  await using rig = await makeRig(server);
  await rig.redis.watch('k:1');
  await expect(rig.redis.watch([])).rejects.toThrow();
  expect(rig.redis.near.state).toBe('bypass');
  await rig.redis.unwatch();
  expect(rig.redis.near.state).toBe('serving');
});

test('a WATCH ends with its connection', async () => {
  await using redis = withNearCache(quietClient(), { prefixes: ['k:'] });
  await redis.connect();
  await redis.watch('k:1');
  await redis.quit();
  await redis.connect();
  expect(redis.near.state).toBe('serving');
});

test('a database selected by hand is not remembered by node-redis: a new connection empties the cache', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'database 0');
  await rig.redis.sendCommand(['SELECT', '1']);
  await rig.redis.set('k:1', 'database 1');
  await until(
    async () => (await rig.redis.get('k:1')) === 'database 1' && rig.redis.near.peek('k:1') === 'database 1',
  );
  const again = new Promise((resolve) => rig.redis.once('ready', resolve));
  rig.data.cut();
  await again;
  expect(await rig.redis.get('k:1')).toBe('database 0');
});

test('a method that the user replaced is not cached, and a warning says so', async () => {
  const raw = quietClient();
  const original = raw.get.bind(raw);
  Reflect.set(raw, 'get', (key: string) => original(`tenant:${key}`));
  await using redis = withNearCache(raw, { prefixes: ['k:'] });
  const warnings: string[] = [];
  redis.near.on('warning', ({ message }) => warnings.push(message));
  await redis.connect();
  await redis.set('tenant:k:1', 'one');
  expect(await redis.get('k:1')).toBe('one');
  await server.command('SET', 'tenant:k:1', 'two');
  expect(await redis.get('k:1')).toBe('two');
  expect(warnings).toEqual([expect.stringContaining('get')]);
});

test('close() from a listener leaves nothing running', async () => {
  for (const when of ['serving', 'bypass'] as const) {
    await using rig = await makeRig(server, { heartbeat: 20, maxStaleness: 100 });
    rig.redis.near.on('state', ({ to }) => {
      if (to === when) rig.redis.near.close();
    });
    rig.tracking.cut();
    await until(() => rig.redis.near.state === 'closed');
    await until(async () => !/flags=\w*B/.test(String(await server.command('CLIENT', 'LIST'))));
    expect(rig.redis.near.stats().tracking[0]?.state).toBe('closed');
  }
});

test('a listener may touch the cache while it makes room', async () => {
  await using rig = await makeRig(server, { maxEntries: 5 });
  rig.redis.near.on('evict', ({ key }) => rig.redis.near.invalidate([key, 'k:3']));
  for (let i = 0; i < 50; i++) await rig.redis.get(`k:${i % 12}`);
  const { entries, prefixes } = rig.redis.near.stats();
  expect(entries).toBe(prefixes['k:']?.entries);
  expect(entries).toBeLessThanOrEqual(5);
});

test('a bound of many entries costs nothing until they are there', async () => {
  const before = process.memoryUsage().rss;
  const redis = withNearCache(quietClient(), { prefixes: ['k:'], maxEntries: 2 ** 31 - 1 });
  expect(redis.near.stats().entries).toBe(0);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
});

test('a key cut out of a large text does not hold the text', async () => {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Run with --expose-gc.');
  await using rig = await makeRig(server);
  const read = async (from: number) => {
    for (let i = from; i < from + 50; i++) {
      const text = `${'x'.repeat(500_000)}k:a key of some length ${i}`;
      await rig.redis.get(text.slice(500_000));
    }
  };
  await read(0);
  gc();
  const before = process.memoryUsage().heapUsed;
  await read(50);
  gc();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(5 * 2 ** 20);
});

test('a client with a bounded queue is not filled by the cache', async () => {
  const raw = quietClient({ commandsQueueMaxLength: 100 });
  await using redis = withNearCache(raw, { prefixes: ['k:'] });
  await redis.connect();
  await server.command('CONFIG', 'RESETSTAT');
  await Promise.all(Array.from({ length: 90 }, (_, i) => redis.get(`k:${i}`)));
  await redis.mGet(Array.from({ length: 200 }, (_, i) => `k:${i}`));
  expect(await calls(server, 'pttl')).toBe(0);
  expect(redis.near.peek('k:1')).toBeNull();
});

test('replies settle in the order of their commands', async () => {
  await using rig = await makeRig(server);
  const order: string[] = [];
  const note = (name: string) => () => order.push(name);
  const { redis } = rig;
  await Promise.all([
    redis.get('k:1').then(note('get')),
    redis.set('k:1', 'x').then(note('set')),
    redis.get('k:2').then(note('get 2')),
    redis.ping().then(note('ping')),
  ]);
  expect(order).toEqual(['get', 'set', 'get 2', 'ping']);
});

test('keys given by a generator are read once and sent all the same', async () => {
  await using rig = await makeRig(server);
  await rig.redis.mSet({ 'k:1': 'a', 'k:2': 'b' });
  const keys = function* () {
    yield 'k:1';
    yield 'k:2';
  };
  expect(await rig.redis.mGet(keys() as unknown as string[])).toEqual(['a', 'b']);
  expect(await rig.redis.del(keys() as unknown as string[])).toBe(2);
});

test('await using ends although the server is away', async () => {
  const away = await RedisServer.start();
  const raw = createClient({ url: away.url }).on('error', () => {});
  {
    await using redis = withNearCache(raw, { prefixes: ['k:'] });
    await redis.connect();
    await away.kill();
    await until(() => !redis.isReady);
  }
  expect(raw.isOpen).toBe(false);
  await away.stop();
});

test('ready() settles when it is asked for while prefixes change', async () => {
  await using rig = await makeRig(server, { prefixes: ['k:', 'gone:'] });
  const changed = rig.redis.near.unregister('gone:');
  await rig.redis.near.ready();
  await changed;
  await rig.serving();
});

test('disconnect() during connect() leaves no tracking on a closed client', async () => {
  const redis = withNearCache(quietClient(), { prefixes: ['k:'] });
  const connecting = redis.connect().catch(() => {});
  await redis.disconnect();
  await connecting;
  expect(redis.near.stats().tracking[0]?.state).toBe('closed');
});

test('two failing WATCHes at once leave nothing held', async () => {
  await using rig = await makeRig(server);
  await Promise.allSettled([rig.redis.watch([]), rig.redis.watch([])]);
  expect(rig.redis.near.state).toBe('serving');
});

test('a read under way when a longer prefix is registered is not stored under the shorter one', async () => {
  await using rig = await makeRig(server);
  const [read] = await rig.heldRead(() => rig.redis.get('k:in:1'));
  const registered = rig.redis.near.register({ prefix: 'k:in:', cacheNil: false });
  rig.data.release('down');
  await read;
  await registered;
  expect(rig.redis.near.peek('k:in:1')).toBeUndefined();
});

test('counters stay true when a listener clears the cache while maxBytes makes room', async () => {
  await using rig = await makeRig(server, { maxBytes: 2_000 });
  rig.redis.near.on('evict', () => rig.redis.near.clear());
  for (let i = 0; i < 30; i++) await rig.redis.get(`k:${i}`);
  expect(rig.prefix().entries).toBe(rig.redis.near.stats().entries);
});

test('a missing field of a hash that is there is held, although missing keys are not', async () => {
  await using rig = await makeRig(server, { cacheNil: false });
  await rig.outsider.hSet('k:h', 'f', 'v');
  await until(() => rig.prefix().invalidations === 1);
  await rig.redis.hGet('k:h', 'nothing');
  await rig.redis.hGet('k:h', 'nothing');
  await rig.redis.hGet('k:missing', 'nothing');
  expect(rig.prefix()).toMatchObject({ hits: 1, entries: 1 });
});
