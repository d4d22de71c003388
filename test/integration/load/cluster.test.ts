// A loader on a cluster: a value and its lock live in one slot, batches are taken apart, and a failover loses nothing but time.

import { hashSlot } from 'redis-near-cache';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import type { Client } from '../../support/client.js';
import { bareCluster, closeAll, MAJORS, nearCluster, PATIENCE } from '../../support/cluster-rig.js';
import { until } from '../../support/until.js';

let bed: ClusterBed;
let outsider: Client;
beforeAll(async () => {
  bed = await ClusterBed.start();
  outsider = await bareCluster(6, bed);
});
afterAll(async () => {
  await closeAll(outsider);
  await bed.stop();
});

describe.each(MAJORS)('v%i', (major) => {
  test('keys of many slots are loaded, filled, read, set and deleted', async () => {
    const redis = await nearCluster(major, bed);
    try {
      const asked: string[] = [];
      const loader = redis.near.loader<string>({
        prefix: 'k:',
        ttl: 60_000,
        load: (id) => {
          asked.push(id);
          return `${id} loaded`;
        },
        loadMany: (ids) => ids.map((id) => `${id} loaded together`),
      });
      const ids = Array.from({ length: 30 }, (_, at) => `${major}-${at}${at % 3 === 0 ? '{tag}' : ''}`);
      expect(new Set(ids.map((id) => hashSlot(`k:${id}`))).size).toBeGreaterThan(10);
      const some = ids.slice(0, 10);
      expect(await Promise.all(some.map((id) => loader.get(id)))).toEqual(some.map((id) => `${id} loaded`));
      const rest = ids.slice(10).map((id) => `${id} loaded together`);
      expect(await loader.getMany(ids)).toEqual([...some.map((id) => `${id} loaded`), ...rest]);
      expect(asked.sort()).toEqual([...some].sort());
      for (const id of ids) expect(await outsider.get(`k:${id}`)).toContain(`${id} loaded`);
      await until(
        () => loader.get(ids[0] ?? '').then(() => loader.peek(ids[0] ?? '') !== undefined),
        PATIENCE,
      );
      await loader.set(ids[1] ?? '', 'set');
      expect(await loader.get(ids[1] ?? '')).toBe('set');
      await loader.invalidate(ids);
      for (const id of ids) expect(await outsider.get(`k:${id}`)).toBeNull();
      expect(redis.near.stats().loaders['k:']).toMatchObject({
        lockWon: 30,
        redisFallbacks: 0,
        discardedFills: 0,
      });
    } finally {
      await closeAll(redis);
    }
  });

  test('a process is woken by the fill of another, and a change during a load stays', async () => {
    const [redis, other] = await Promise.all([nearCluster(major, bed), nearCluster(major, bed)]);
    try {
      let finish: () => void = () => {};
      let loads = 0;
      const load = async (): Promise<string> => {
        loads++;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return 'loaded';
      };
      const [one, two] = [redis, other].map(({ near }) =>
        near.loader<string>({ prefix: 'k:', ttl: 60_000, load }),
      );
      const id = `woken ${major}`;
      const both = [one?.get(id), two?.get(id)];
      const waiting = () =>
        [redis, other].some(({ near }) => near.stats().loaders['k:']?.lockWaited === 1) && loads === 1;
      await until(waiting, PATIENCE);
      finish();
      expect(await Promise.all(both)).toEqual(['loaded', 'loaded']);
      expect(loads).toBe(1);
      const changed = one?.refresh(id);
      await until(() => loads === 2, PATIENCE);
      await two?.invalidate(id);
      finish();
      expect(await changed).toBe('loaded');
      expect(await outsider.get(`k:${id}`)).toBeNull();
    } finally {
      await closeAll(redis, other);
    }
  });
});
