// What once broke on clusters, with sentinels and with replicas, each named after its symptom.

import { createClient, createClientPool, createCluster } from '@redis/client';
import { type NearCacheOptions, withNearCache } from 'redis-near-cache';
import { afterAll, describe, expect, test } from 'vitest';
import { ClusterBed } from '../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../support/beds/replicated-bed.js';
import { SentinelBed } from '../support/beds/sentinel-bed.js';
import { call, type Near } from '../support/client.js';
import {
  addressOf,
  closeAll,
  keyOf,
  MAJORS,
  nearCluster,
  PATIENCE,
  PREFIX,
  replicasAnswer,
} from '../support/cluster-rig.js';
import { discard, wrap } from '../support/majors.js';
import type { RedisServer } from '../support/redis-server.js';
import { ReplicaRig } from '../support/replica-rig.js';
import { cluster, sentinel, single } from '../support/topologies.js';
import { until } from '../support/until.js';

const bed = await ClusterBed.start({ shards: 2, replicasPerShard: 1 });
const replicated = await ReplicatedBed.start({ replicas: 1 });
afterAll(() => Promise.all([bed.stop(), replicated.stop()]));

/** How often servers have executed a command. */
async function calls(servers: readonly RedisServer[], command: string): Promise<number> {
  const stats = await Promise.all(servers.map((server) => server.command('INFO', 'commandstats')));
  const count = new RegExp(`cmdstat_${command}:calls=(\\d+)`);
  return stats.reduce<number>((sum, each) => sum + Number(count.exec(String(each))?.[1] ?? 0), 0);
}

function readsAtReplicas({ near }: Near): number {
  return near.stats().tracking.reduce((sum, { replicaReads }) => sum + replicaReads, 0);
}

describe('what a replica cannot answer', () => {
  test.each(MAJORS)('goes to the primary, whatever useReplicas says (v%i)', async (major) => {
    const primaries = await bed.primaries();
    const replicas = (await Promise.all(primaries.map((each) => bed.replicasOf(each)))).flat();
    const servers = replicas.map(({ server }) => server);
    const redis = wrap(cluster(major, bed, { useReplicas: true }), {
      prefixes: [PREFIX],
      heartbeat: 100,
      routing: { reads: 'replicas' },
    });
    await redis.connect();
    await replicasAnswer(redis, replicas.length);
    for (const [command, read] of [
      ['get', (key: string) => redis.get(key)],
      ['mget', (key: string) => redis.mGet([key])],
    ] as const) {
      const atReplicas = await calls(servers, command);
      const routed = readsAtReplicas(redis);
      const keys = Array.from({ length: 40 }, (_, at) => `${PREFIX}none:${major}:${command}:${at}`);
      await Promise.all(keys.map((key): Promise<unknown> => read(key)));
      expect(readsAtReplicas(redis)).toBeGreaterThan(routed);
      // A replica does not know whether a key that it lacks is on its way to another shard.
      expect((await calls(servers, command)) - atReplicas).toBe(readsAtReplicas(redis) - routed);
    }
    await closeAll(redis);
  });

  test.each([5, 6] as const)('goes to the primary, whatever replicaPoolSize says (v%i)', async (major) => {
    await using watched = await SentinelBed.start({ replicas: 1 });
    const raw = sentinel(major, watched, { replicaPoolSize: 1 });
    const redis = wrap(raw, { prefixes: ['k:'], heartbeat: 50, routing: { reads: 'replicas' } });
    await redis.connect();
    const [replica] = await watched.replicas();
    await until(async () => {
      redis.near.clear();
      await redis.get('k:1');
      return readsAtReplicas(redis) > 0;
    }, PATIENCE);
    await replica?.command('ACL', 'SETUSER', 'default', '-get');
    const routed = readsAtReplicas(redis);
    await until(async () => {
      redis.near.clear();
      expect(await redis.get('k:1')).toBe(null);
      return readsAtReplicas(redis) > routed;
    }, PATIENCE);
    await discard(redis);
  });
});

describe('one node of several that refuses to be tracked', () => {
  const USER = ['ACL', 'SETUSER', 'listener', 'reset', 'on', 'nopass', '+ping'];
  const GRANTED = ['+client|tracking', '+info', '+role', '+cluster|info', '+cluster|nodes'];
  const asListener = { username: 'listener', password: 'any' };
  const states = ({ near }: Near): string =>
    near
      .stats()
      .tracking.map(({ role, state }) => `${role} ${state}`)
      .sort()
      .join();

  test.each(['error', 'ttl'] as const)('a replica is left out (fallback: %j)', async (fallback) => {
    await replicated.primary.command(...USER, ...GRANTED);
    for (const replica of replicated.replicas) await replica.command(...USER);
    let ahead = 0;
    const redis = wrap(single(6, replicated.primary.url), {
      prefixes: ['k:'],
      clock: () => performance.now() + ahead,
      fallback,
      tracking: asListener,
      routing: { reads: 'replicas' },
    });
    await redis.connect();
    await until(() => states(redis) === 'primary armed,replica refused', PATIENCE);
    await redis.near.ready();
    expect(await redis.get('k:refused')).toBe(null);
    // That of a fallback would be over.
    ahead = 1_100;
    expect(redis.near.peek('k:refused')).toBe(null);
    await discard(redis);
  });

  test('a shard is read past the cache, the others are not', async () => {
    const [first, second] = await bed.primaries();
    if (first === undefined || second === undefined) throw new Error('Two shards are needed.');
    for (const { server } of [first, second]) await server.command(...USER, ...GRANTED);
    const redis = await nearCluster(6, bed, { fallback: 'error', tracking: asListener });
    const [its, others] = [await keyOf(bed, first), await keyOf(bed, second)];
    await first.server.command(...USER);
    await until(() => states(redis) === 'primary armed,primary refused', PATIENCE);
    expect(await redis.get(its)).toBe(null);
    expect(redis.near.peek(its)).toBe(undefined);
    expect(await redis.get(others)).toBe(null);
    expect(redis.near.peek(others)).toBe(null);
    await redis.near.ready();
    // Now nobody is left who would track.
    await second.server.command(...USER);
    await until(() => states(redis) === 'primary refused,primary refused', PATIENCE);
    await expect(redis.get(others)).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_DENIED' });
    await closeAll(redis);
  });
});

describe('a fault inside the cache never fails a read', () => {
  /** A clock that can break, and what goes wrong then. */
  function breakable() {
    const state = { broken: false };
    const clock = (): number => {
      if (state.broken) throw new Error('broken clock');
      return performance.now();
    };
    const options: Partial<NearCacheOptions> = { clock, heartbeat: 5_000, maxStaleness: 60_000 };
    return { state, options };
  }

  test.each(MAJORS)('EXISTS of a cluster (v%i)', async (major) => {
    const { state, options } = breakable();
    const redis = await nearCluster(major, bed, options);
    await redis.set(`${PREFIX}there`, 'v');
    state.broken = true;
    const found = await redis.exists([`${PREFIX}there`, `${PREFIX}away`]).finally(() => {
      state.broken = false;
    });
    expect(found).toBe(1);
    await closeAll(redis);
  });

  test('a read at a replica', async () => {
    let throwsEvery = Number.POSITIVE_INFINITY;
    let told = 0;
    const clock = (): number => {
      if (++told % throwsEvery === 0) throw new Error('broken clock');
      return performance.now();
    };
    await using rig = await ReplicaRig.start(replicated, { clock, heartbeat: 900 });
    await Promise.all(Array.from({ length: 20 }, (_, at) => rig.redis.set(`k:fault:${at}`, 'v')));
    await rig.covered();
    const before = readsAtReplicas(rig.redis);
    // Each time at another moment of the read. Between turns, heartbeats find the clock in order.
    for (let at = 0; at < 20; at++) {
      throwsEvery = 2 + (at % 10);
      const reply = rig.redis.get(`k:fault:${at}`);
      throwsEvery = Number.POSITIVE_INFINITY;
      expect(await reply).toBe('v');
    }
    expect(readsAtReplicas(rig.redis)).toBeGreaterThan(before);
  });
});

describe('await using with a node that is away', () => {
  test.each(MAJORS)('does not wait for it (v%i)', async (major) => {
    await using fleet = await ClusterBed.start({ shards: 3, replicasPerShard: 0 });
    const raw = cluster(major, fleet);
    const redis = wrap(raw, { prefixes: [PREFIX] });
    await redis.connect();
    const [gone] = await fleet.primaries();
    const key = gone && (await keyOf(fleet, gone));
    await gone?.server.kill();
    const isAway = (): boolean => {
      const masters = Reflect.get(raw, 'masters') as { address: string; client?: { isReady?: boolean } }[];
      return masters.some(
        ({ address, client }) => gone && address === addressOf(gone) && client?.isReady === false,
      );
    };
    await until(isAway, PATIENCE, 'the client to notice');
    const waiting = call(redis, 'get', [key]) as Promise<unknown>;
    waiting.catch(() => {});
    await redis[Symbol.asyncDispose]();
    expect(raw.isOpen).toBe(false);
  });
});

describe('what cannot stand for a replica of the same data is refused', () => {
  const { url } = replicated.primary;
  test.each([
    [
      'a client with a cache of its own',
      () => createClient({ url, clientSideCache: { ttl: 0, maxEntries: 0 } }),
    ],
    ['a client of another database', () => createClient({ url, database: 1 })],
    ['a pool', () => createClientPool({ url })],
    ['a cluster', () => createCluster({ rootNodes: [{ url }] })],
    ['a client with a near cache', () => withNearCache(createClient({ url }), { prefixes: ['k:'] })],
  ] as const)('%s', (_, make) => {
    const options = {
      prefixes: ['k:'],
      routing: { reads: 'replicas', replicas: [make() as ReturnType<typeof createClient>] },
    } as const;
    expect(() => withNearCache(createClient({ url }), options)).toThrow(/routing\.replicas takes/);
  });
});
