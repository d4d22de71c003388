// A near cache lives as long as its sentinel client: wrapped before or after connect, closed in every way, or never
// connected at all.

import { withNearCache } from 'redis-near-cache';
import { describe, expect, test } from 'vitest';
import { call } from '../../support/client.js';
import { freePort } from '../../support/free-port.js';
import { wrap } from '../../support/majors.js';
import { until } from '../../support/until.js';
import { bare, MAJORS, makeRig, useSentinelBed } from './sentinel-rig.js';

const bed = await useSentinelBed();
const primary = await bed.primary();
const OPTIONS = { prefixes: ['k:'] };

async function trackers(): Promise<number> {
  const list = String(await primary.command('CLIENT', 'LIST'));
  return list.split('\n').filter((line) => line.includes('near-cache:tracking')).length;
}

describe.each(MAJORS)('a sentinel of v%i', (major) => {
  test('that is connected already is tracked at once', async () => {
    const raw = bare(major, bed);
    await raw.connect();
    const redis = wrap(raw, OPTIONS);
    await redis.near.ready();
    await redis.set('k:1', 'a');
    await until(async () => (await redis.get('k:1')) === 'a' && redis.near.peek('k:1') === 'a');
    await redis.destroy();
    await until(async () => (await trackers()) === 0);
  });

  test('that is connected past the wrapper is tracked from its next read at the latest', async () => {
    const raw = bare(major, bed);
    const redis = wrap(raw, OPTIONS);
    await raw.connect();
    await redis.get('k:1');
    await redis.near.ready();
    await raw.destroy();
    await redis.get('k:1').catch(() => {});
    expect(redis.near.state).toBe('closed');
    await until(async () => (await trackers()) === 0);
  });

  test.each(['close', 'destroy'])('ends with %s(), and with it the tracking connection', async (way) => {
    await using rig = await makeRig(major, bed);
    expect(await trackers()).toBe(1);
    await call(rig.redis, way);
    expect(rig.raw.isOpen).toBe(false);
    expect(rig.redis.near.state).toBe('closed');
    await until(async () => (await trackers()) === 0);
  });

  test('is connected again after destroy()', async () => {
    await using rig = await makeRig(major, bed);
    const { redis } = rig;
    await redis.destroy();
    await redis.connect();
    await redis.near.ready();
    await redis.set('k:1', 'b');
    await until(async () => (await redis.get('k:1')) === 'b' && redis.near.peek('k:1') === 'b');
  });

  test('ends with its scope', async () => {
    const raw = bare(major, bed);
    {
      await using redis = wrap(raw, OPTIONS);
      await redis.connect();
      await redis.near.ready();
    }
    expect(raw.isOpen).toBe(false);
    await until(async () => (await trackers()) === 0);
  });

  test('is not tracked again by a read that goes astray after near.close()', async () => {
    await using rig = await makeRig(major, bed);
    rig.redis.near.close();
    rig.redis.near.detoured(['k:1']);
    // Longer than it takes to look at the nodes again.
    for (const since = performance.now(); performance.now() < since + 60; ) await rig.redis.get('k:1');
    expect(rig.redis.near.stats().tracking.map(({ state }) => state)).toEqual(['closed']);
    expect(await trackers()).toBe(0);
  });

  test('that cannot be connected rejects as the bare one does, and so does ready()', async () => {
    const nowhere = { sentinelRootNodes: [{ host: '127.0.0.1', port: await freePort() }] };
    const options = { ...nowhere, maxCommandRediscovers: 0 };
    const plain = bare(major, bed, options);
    const redis = wrap(bare(major, bed, options), OPTIONS);
    const ready = redis.near.ready();
    ready.catch(() => {});
    const expected = await plain.connect().catch((error: Error) => error.message);
    expect(expected).toEqual(expect.any(String));
    await expect(redis.connect()).rejects.toThrow(String(expected));
    await expect(ready).rejects.toMatchObject({ code: 'ERR_NEAR_CLOSED' });
    redis.near.close();
  });

  test('refuses one address for the tracking of all nodes', () => {
    for (const tracking of [{ url: 'redis://127.0.0.1:1' }, { socket: { port: 1 } }]) {
      const wrapped = () => wrap(bare(major, bed), { ...OPTIONS, tracking });
      expect(wrapped).toThrow(/Option tracking\.(url|socket\.port) must be left out/);
    }
  });
});

test('duplicate() of v6 is a plain client', async () => {
  await using rig = await makeRig(6, bed);
  const other = call(rig.redis, 'duplicate') as Parameters<typeof withNearCache>[0];
  expect('near' in other).toBe(false);
  expect(call(other, 'getMasterNode')).toBe(undefined);
  await using redis = withNearCache(other, OPTIONS);
  await redis.connect();
  await redis.near.ready();
});
