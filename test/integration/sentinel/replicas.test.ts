// Replicas behind sentinels: read by routing, tracked each, or left alone though the client has connections to them.

import { beforeEach, describe, expect, test } from 'vitest';
import { calls } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { MAJORS, makeRig, useSentinelBed } from './sentinel-rig.js';

const bed = await useSentinelBed();
const primary = await bed.primary();
const replicas = await bed.replicas();
beforeEach(async () => {
  await primary.command('FLUSHALL');
  for (const node of bed.nodes) await node.command('CONFIG', 'RESETSTAT');
});

async function readsAtReplicas(): Promise<number> {
  const counts = await Promise.all(replicas.map((replica) => calls(replica, 'get')));
  return counts.reduce((sum, count) => sum + count, 0);
}

describe.each(MAJORS)('a sentinel of v%i', (major) => {
  const prefixes = major === 6 ? [undefined, 'app:'] : [undefined];
  test.each(prefixes)(
    'has misses answered by replicas that are tracked (keyPrefix: %s)',
    async (keyPrefix) => {
      const client = keyPrefix === undefined ? {} : { keyPrefix };
      await using rig = await makeRig(major, bed, { routing: { reads: 'replicas' } }, client);
      const { redis } = rig;
      const rows = () => redis.near.stats().tracking.filter(({ role }) => role === 'replica');
      await until(() => rows().length === 2 && rows().every(({ answers }) => answers));
      for (let key = 0; key < 20; key++) await redis.set(`k:${key}`, 'a');
      const readAll = () => Promise.all(Array.from({ length: 20 }, (_, key) => redis.get(`k:${key}`)));
      await until(async () => {
        expect(new Set(await readAll())).toEqual(new Set(['a']));
        redis.near.clear();
        return rows().every(({ replicaReads }) => replicaReads > 0);
      });
      expect(await readsAtReplicas()).toBeGreaterThan(0);
      await until(async () => {
        await readAll();
        return rig.prefix().entries === 20;
      });
      await primary.command('SET', `${keyPrefix ?? ''}k:7`, 'b');
      await until(async () => (await redis.get('k:7')) === 'b');
      for (let round = 0; round < 50; round++) {
        await redis.set('k:7', `${round}`);
        expect(await redis.get('k:7')).toBe(`${round}`);
      }
    },
  );

  test('with connections to replicas still has its misses answered by the primary', async () => {
    await using rig = await makeRig(major, bed, {}, { replicaPoolSize: 1 });
    const { redis } = rig;
    for (let key = 0; key < 20; key++) expect(await redis.get(`k:${key}`)).toBe(null);
    await redis.mGet(['k:21', 'k:22']);
    expect(await readsAtReplicas()).toBe(0);
    expect(rig.prefix()).toMatchObject({ misses: 22, bypassed: 0 });
    for (let round = 0; round < 50; round++) {
      await redis.set('k:1', `${round}`);
      expect(await redis.get('k:1')).toBe(`${round}`);
    }
    // What the cache has no part in goes where the client itself sends it.
    for (let key = 0; key < 4; key++) await redis.get(`other:${key}`);
    expect(await readsAtReplicas()).toBe(4);
  });
});
