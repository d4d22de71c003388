// Promise (e): memory stays inside its bounds whatever the key pattern, and what is dropped is counted.

import { expect, test } from 'vitest';
import { makeRig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();

test('the least recently used entry makes room', async () => {
  await using rig = await makeRig(server, { maxEntries: 3 });
  const evicted: string[] = [];
  rig.redis.near.on('evict', ({ key }) => evicted.push(key));
  for (const key of ['k:1', 'k:2', 'k:3', 'k:1', 'k:4']) await rig.redis.get(key);
  expect(evicted).toEqual(['k:2']);
  expect(rig.redis.near.stats()).toMatchObject({
    entries: 3,
    evictions: 1,
    prefixes: { 'k:': { evictions: 1, entries: 3 } },
  });
});

test('maxBytes bounds what values take together', async () => {
  await using rig = await makeRig(server, { maxBytes: 100_000 });
  const value = 'x'.repeat(10_000);
  for (let i = 0; i < 50; i++) {
    await rig.redis.set(`k:${i}`, value);
    await until(
      async () => (await rig.redis.get(`k:${i}`)) === value && rig.redis.near.peek(`k:${i}`) === value,
    );
  }
  const { entries, bytes } = rig.redis.near.stats();
  expect(entries).toBe(9);
  expect(bytes).toBeGreaterThan(90_000);
  expect(bytes).toBeLessThanOrEqual(100_000);
});

test('a value larger than maxBytes is answered and not held', async () => {
  await using rig = await makeRig(server, { maxBytes: 10_000 });
  await rig.redis.set('k:large', 'x'.repeat(20_000));
  expect(await rig.redis.get('k:large')).toHaveLength(20_000);
  expect(rig.redis.near.stats()).toMatchObject({ entries: 0, bytes: 0 });
});

test('many replies of one key count too', async () => {
  await using rig = await makeRig(server, { maxBytes: 50_000 });
  for (let i = 0; i < 2_000; i++) await rig.redis.hGet('k:h', `field ${i}`);
  expect(rig.redis.near.stats().bytes).toBeLessThanOrEqual(50_000);
});

test("a prefix's own maxEntries bounds it alone", async () => {
  await using rig = await makeRig(server, { prefixes: [{ prefix: 'k:small:', maxEntries: 2 }, 'k:'] });
  for (let i = 0; i < 5; i++) {
    await rig.redis.get(`k:small:${i}`);
    await rig.redis.get(`k:${i}`);
  }
  expect(rig.prefix('k:small:')).toMatchObject({ entries: 2, evictions: 3 });
  expect(rig.prefix('k:')).toMatchObject({ entries: 5, evictions: 0 });
  expect(rig.redis.near.peek('k:small:4')).toBeNull();
  expect(rig.redis.near.peek('k:small:0')).toBeUndefined();
  await rig.outsider.set('k:small:4', 'x');
  await until(() => rig.prefix('k:small:').entries === 1);
});

test('cacheNil: false holds no missing keys, whatever reads them', async () => {
  await using rig = await makeRig(server, { cacheNil: false });
  await rig.redis.get('k:1');
  await rig.redis.mGet(['k:1', 'k:2']);
  await rig.redis.hGetAll('k:h');
  await rig.redis.exists('k:1');
  expect(rig.redis.near.stats().entries).toBe(0);
  await rig.redis.set('k:1', 'value');
  await until(async () => (await rig.redis.get('k:1')) === 'value' && rig.redis.near.peek('k:1') === 'value');
});
