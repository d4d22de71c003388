// The measures a user would check first: how much reaches Redis, how fast a change is seen, what stays in memory.

import { beforeEach, expect, test } from 'vitest';
import { calls, makeRig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();
beforeEach(async () => {
  await server.command('CONFIG', 'RESETSTAT');
});

test('500 concurrent reads of a cold key are one GET at the server', async () => {
  await using rig = await makeRig(server);
  const replies = await Promise.all(Array.from({ length: 500 }, () => rig.redis.get('k:1')));
  expect(new Set(replies)).toEqual(new Set([null]));
  expect(await calls(server, 'get')).toBe(1);
  expect(rig.prefix()).toMatchObject({ misses: 1, coalesced: 499, fills: 1 });
});

test('100 reads of a key, one after the other, are one GET at the server', async () => {
  await using rig = await makeRig(server);
  for (let i = 0; i < 100; i++) await rig.redis.get('k:1');
  expect(await calls(server, 'get')).toBe(1);
  expect(rig.prefix()).toMatchObject({ hits: 99, misses: 1, hitRatio: 0.99 });
});

test('mGet fetches only what is not held', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.mSet({ 'k:1': 'a', 'k:2': 'b', 'k:3': 'c', 'other:1': 'd' });
  await until(() => rig.prefix().invalidations === 3);
  await rig.redis.get('k:1');
  await rig.redis.mGet(['k:2', 'k:2']);
  const keys = ['k:3', 'k:1', 'other:1', 'k:2', 'k:missing', 'k:1'];
  expect(await rig.redis.mGet(keys)).toEqual(['c', 'a', 'd', 'b', null, 'a']);
  expect(rig.prefix()).toMatchObject({ entries: 4 });
  await server.command('CONFIG', 'RESETSTAT');
  await rig.redis.mGet(keys.filter((key) => key.startsWith('k:')));
  await rig.redis.get('k:3');
  await rig.redis.get('k:missing');
  expect(await calls(server, 'mget')).toBe(0);
  expect(await calls(server, 'get')).toBe(0);
});

test('a write by another client is seen within 10 ms in the median, within 50 ms nearly always', async () => {
  await using rig = await makeRig(server);
  const delays: number[] = [];
  for (let i = 0; i < 50; i++) {
    await rig.redis.get('k:1');
    await rig.outsider.set('k:1', `${i}`);
    const written = performance.now();
    await until(async () => (await rig.redis.get('k:1')) === `${i}`);
    delays.push(performance.now() - written);
  }
  delays.sort((a, b) => a - b);
  expect(delays[25]).toBeLessThan(10);
  expect(delays[45]).toBeLessThan(50);
});

test('300 000 distinct keys through maxEntries: 1000 leave nothing behind', async () => {
  await using rig = await makeRig(server, { maxEntries: 1000, serverTtl: false });
  const { redis } = rig;
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Run with --expose-gc.');
  const heap = async () => {
    for (let i = 0; i < 4; i++) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return process.memoryUsage().heapUsed;
  };
  const read = async (from: number, count: number) => {
    for (let at = from; at < from + count; at += 1000) {
      await Promise.all(Array.from({ length: 1000 }, (_, i) => redis.get(`k:key number ${at + i}`)));
    }
  };
  await read(0, 5_000);
  const before = await heap();
  await read(5_000, 300_000);
  expect(redis.near.stats().entries).toBe(1000);
  expect((await heap()) - before).toBeLessThan(6 * 2 ** 20);
  redis.near.clear();
  expect(redis.near.stats()).toMatchObject({ entries: 0, bytes: 0 });
}, 120_000);

test('EXISTS of one key is held, in either form; of several it goes to Redis', async () => {
  await using rig = await makeRig(server);
  for (let i = 0; i < 3; i++) {
    await rig.redis.exists('k:1');
    await rig.redis.exists(['k:1']);
  }
  expect(await calls(server, 'exists')).toBe(1);
  expect(await rig.redis.exists(['k:1', 'other'])).toBe(0);
  await rig.outsider.set('other', 'x');
  expect(await rig.redis.exists(['k:1', 'other'])).toBe(1);
});
