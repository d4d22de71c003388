// Prefixes: overlap and duplicates, the longest match, and registering and unregistering at run time.

import { expect, test } from 'vitest';
import { makeRig, type Rig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();

async function isTracked({ redis, outsider }: Rig, key: string): Promise<void> {
  await outsider.del(key);
  await until(async () => (await redis.get(key)) === null && redis.near.peek(key) === null);
  await outsider.set(key, 'new');
  await until(async () => (await redis.get(key)) === 'new');
}

test('overlapping and duplicate prefixes are fine, and the longest counts', async () => {
  await using rig = await makeRig(server, {
    prefixes: ['a', 'a:', 'a:b:', 'a', 'c:', { prefix: 'c:', ttl: 5 }],
  });
  for (const key of ['a1', 'a:1', 'a:b:1', 'c:1']) await isTracked(rig, key);
  await rig.redis.get('a:b:1');
  for (const [name, entries] of [
    ['a', 1],
    ['a:', 1],
    ['a:b:', 1],
    ['c:', 1],
  ] as const) {
    expect(rig.prefix(name)).toMatchObject({ entries, invalidations: 1 });
  }
  expect(rig.prefix('a:b:').hits).toBeGreaterThan(0);
});

test("the empty prefix registers every key, and half a character's bytes are nobody's prefix", async () => {
  await using rig = await makeRig(server, { prefixes: [''] });
  for (const key of ['x', 'schlüssel', '🔑']) await isTracked(rig, key);
});

test('a prefix registered while running is cached from then on and costs the others nothing', async () => {
  await using rig = await makeRig(server);
  await isTracked(rig, 'k:1');
  await rig.redis.get('late:1');
  expect(rig.redis.near.peek('late:1')).toBeUndefined();
  const { flushes } = rig.redis.near.stats();
  await rig.redis.near.register({ prefix: 'late:', ttl: 60_000 });
  await isTracked(rig, 'late:1');
  expect(rig.redis.near.peek('k:1')).toBe('new');
  expect(rig.redis.near.stats().flushes).toBe(flushes);
});

test('a prefix that covers registered ones can be registered, and covers them', async () => {
  await using rig = await makeRig(server, { prefixes: ['a:b:', 'a:c:'] });
  await rig.redis.near.register('a:');
  for (const key of ['a:1', 'a:b:1', 'a:c:1']) await isTracked(rig, key);
  expect(rig.redis.near.stats().tracking[0]).toMatchObject({ reconnects: 0, state: 'armed' });
});

test('a nested prefix takes over its entries, and gives them back', async () => {
  await using rig = await makeRig(server);
  await isTracked(rig, 'k:in:1');
  expect(rig.prefix('k:').entries).toBe(1);
  await rig.redis.near.register('k:in:');
  expect(rig.prefix('k:').entries).toBe(0);
  await isTracked(rig, 'k:in:1');
  expect(rig.prefix('k:in:').entries).toBe(1);
  await rig.redis.near.unregister('k:in:');
  await isTracked(rig, 'k:in:1');
  expect(rig.prefix('k:').entries).toBe(1);
});

test('an unregistered prefix is neither cached nor listened for', async () => {
  await using rig = await makeRig(server, { prefixes: ['k:', 'gone:'] });
  await isTracked(rig, 'gone:1');
  await rig.redis.near.unregister('gone:');
  await rig.serving();
  expect(rig.redis.near.peek('gone:1')).toBeUndefined();
  await rig.redis.get('gone:1');
  expect(rig.redis.near.peek('gone:1')).toBeUndefined();
  const before = rig.redis.near.stats().tracking[0]?.invalidations ?? 0;
  await rig.outsider.set('gone:1', 'x');
  await isTracked(rig, 'k:1');
  // One for the deletion and one for the creation of k:1 at most: none for gone:1.
  expect((rig.redis.near.stats().tracking[0]?.invalidations ?? 0) - before).toBeLessThanOrEqual(2);
  expect(rig.redis.near.stats().prefixes).not.toHaveProperty('gone:');
  await expect(rig.redis.near.unregister('gone:')).rejects.toMatchObject({ code: 'ERR_NEAR_PREFIX' });
});

test('without any prefix left nothing is tracked, and a new one starts again', async () => {
  await using rig = await makeRig(server);
  await rig.redis.near.unregister('k:');
  await rig.outsider.set('k:1', 'x');
  expect(await rig.redis.get('k:1')).toBe('x');
  await rig.redis.near.register('k:');
  await isTracked(rig, 'k:1');
});

test('many changes at once end where they should', async () => {
  await using rig = await makeRig(server);
  const { near } = rig.redis;
  await Promise.all([
    near.register('a:'),
    near.register(''),
    near.unregister('a:'),
    near.register('a:b'),
    near.unregister(''),
  ]);
  await isTracked(rig, 'a:b1');
  await isTracked(rig, 'k:1');
  await rig.redis.get('z');
  expect(near.peek('z')).toBeUndefined();
});

test('what is registered while the connection is away is covered when it is back', async () => {
  await using rig = await makeRig(server);
  rig.tracking.refuse();
  await until(() => rig.redis.near.state === 'bypass');
  await rig.redis.near.register('late:');
  rig.tracking.heal();
  await rig.serving();
  await isTracked(rig, 'late:1');
});
