// Nodes come, go and change their roles while entries are held: what a node vouched for goes with it, the rest stays, and
// new nodes are tracked (rules C5, C6, C8).

import { hashSlot } from 'redis-near-cache';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClusterBed, type ClusterNode } from '../../support/beds/cluster-bed.js';
import { says } from '../../support/beds/servers.js';
import type { Client, Near } from '../../support/client.js';
import {
  addressOf,
  armed,
  bareCluster,
  closeAll,
  deafAfterLoss,
  deafTo,
  held,
  keyOf,
  killTracking,
  MAJORS,
  nearCluster,
  notHeldBut,
  PATIENCE,
  TIMING,
} from '../../support/cluster-rig.js';
import { until } from '../../support/until.js';

const NAME = 'nodes:tracking';
const IN_TIME = TIMING.maxStaleness + 1_000;
const first = <T>([item]: readonly T[]): T => item as T;

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
  let redis: Near;
  let primaries: ClusterNode[];
  let keys: string[];
  beforeEach(async () => {
    redis = await nearCluster(major, bed, { tracking: { name: NAME } });
    primaries = await bed.primaries();
    keys = await Promise.all(primaries.map((node) => keyOf(bed, node)));
    for (const key of keys) await outsider.set(key, '1');
    for (const key of keys) await held(redis, key, '1');
  });
  afterEach(() => closeAll(redis));

  test('a lost tracking connection takes along what its node vouched for, and nothing else', async () => {
    const [lost = '', ...others] = keys;
    const { hits = 0, misses = 0 } = redis.near.stats().prefixes['k:'] ?? {};
    const flushed: unknown[] = [];
    redis.near.on('flush', (event) => flushed.push(event));
    await killTracking(first(primaries), NAME);
    await until(() => redis.near.peek(lost) === undefined);
    expect(flushed).toEqual([{ reason: 'lost', entries: 1 }]);
    for (const key of others) expect(await redis.get(key)).toBe('1');
    expect(redis.near.stats().prefixes['k:']).toMatchObject({ hits: hits + others.length, misses });
    expect(redis.near.state).toBe('serving');
    await held(redis, lost, '1');
    for (const key of others) expect(redis.near.peek(key)).toBe('1');
  });

  test('what is held when a primary hands over is not stuck, even if it does not follow the new one', async () => {
    const [key = ''] = keys;
    const old = first(primaries);
    const replica = first(await bed.replicasOf(old));
    const nil = await keyOf(bed, old);
    await held(redis, nil, null);
    // It will not be let in, so that it never hears of writes again.
    await old.server.command('CONFIG', 'SET', 'masteruser', 'nobody', 'masterauth', 'wrong');
    await replica.server.command('CLUSTER', 'FAILOVER');
    const leads = async () => `${await replica.server.command('ROLE')}`.startsWith('master');
    await until(() => says(leads), PATIENCE, 'the replica to lead');
    await replica.server.pipeline([key, nil].map((name) => ['SET', name, '2']));
    for (const name of [key, nil]) await notHeldBut(redis, name, '2', IN_TIME);
    for (const name of [key, nil]) await held(redis, name, '2');
    expect(armed(redis, 'primary')).toContain(addressOf(replica));
    expect(armed(redis, 'primary')).not.toContain(addressOf(old));
    await old.server.command('CONFIG', 'SET', 'masteruser', '', 'masterauth', '');
    await bed.settled();
  });
});

describe('every major at once', () => {
  const nears: Near[] = [];
  let primaries: ClusterNode[];
  let keys: string[];
  beforeEach(async () => {
    for (const major of MAJORS) nears.push(await nearCluster(major, bed));
    primaries = await bed.primaries();
    keys = await Promise.all(primaries.map((node) => keyOf(bed, node)));
    for (const key of keys) await outsider.set(key, '1');
    for (const redis of nears) for (const key of keys) await held(redis, key, '1');
  });
  afterEach(() => closeAll(...nears.splice(0)));

  /** When the last of them stops to serve a key. Unit: ms from now. */
  async function servedFor(key: string): Promise<number> {
    const since = performance.now();
    await until(() => nears.every(({ near }) => near.peek(key) === undefined), PATIENCE);
    return performance.now() - since;
  }

  test('what is held from a frozen primary is served no longer than its lease', async () => {
    const frozen = first(primaries);
    const [key = '', other = ''] = keys;
    frozen.server.freeze();
    try {
      expect(await servedFor(key)).toBeLessThan(TIMING.maxStaleness + 100);
      await bed.settled();
      await outsider.set(other, '2');
      for (const redis of nears) await notHeldBut(redis, other, '2', IN_TIME);
      const next = await bed.ownerOf(hashSlot(key));
      await next.server.command('SET', key, '2');
    } finally {
      frozen.server.thaw();
    }
    await bed.settled();
    for (const redis of nears) await held(redis, key, '2');
  });

  test('nothing is served from a cluster that is not well, beyond the lease', async () => {
    const [left, ...frozen] = primaries as [ClusterNode, ...ClusterNode[]];
    const [key = ''] = keys;
    for (const { server } of frozen) server.freeze();
    try {
      const fails = async () =>
        `${await left.server.command('CLUSTER', 'INFO')}`.includes('cluster_state:fail');
      await until(() => says(fails), PATIENCE, 'the cluster to fail');
      expect(await servedFor(key)).toBeLessThan(TIMING.maxStaleness + 100);
      for (const redis of nears) await expect(redis.get(key)).rejects.toThrow('CLUSTERDOWN');
    } finally {
      for (const { server } of frozen) server.thaw();
    }
    await bed.settled();
    for (const redis of nears) for (const each of keys) await held(redis, each, '1');
  });
});

describe('a shard is added', () => {
  const nears: Near[] = [];
  afterEach(() => closeAll(...nears));

  test('it is tracked, and its keys are held', async () => {
    for (const major of MAJORS) nears.push(await nearCluster(major, bed));
    nears.push(await nearCluster(6, bed, { routing: { reads: 'replicas', maxLag: 450 } }));
    // The first slots of each primary are those that move.
    const donors = await bed.primaries();
    const keys: string[] = [];
    for (let tag = 0; keys.length < 6; tag++) if (hashSlot(`s${tag}`) < 30) keys.push(`k:{s${tag}}`);
    const [nil = '', ...values] = keys;
    for (const key of values) await outsider.set(key, '1');
    for (const redis of nears) {
      await held(redis, nil, null);
      for (const key of values) await held(redis, key, '1');
    }
    const added = await bed.addShard();
    expect(donors).not.toContain(added);
    expect(await bed.ownerOf(hashSlot(nil))).toBe(added);
    // Past all that know the new node already.
    await added.server.pipeline(keys.map((key) => ['SET', key, '2']));
    for (const redis of nears) {
      for (const key of keys) await notHeldBut(redis, key, '2', IN_TIME);
      for (const key of keys) await held(redis, key, '2');
      expect(armed(redis, 'primary')).toContain(addressOf(added));
    }
    await added.server.command('SET', nil, '3');
    for (const redis of nears) await notHeldBut(redis, nil, '3', IN_TIME);
  });

  test('a nil goes while its slot moves to a node that nobody knows', async () => {
    const redis = await nearCluster(6, bed, deafAfterLoss(NAME));
    nears.push(redis);
    const [from, to] = (await bed.primaries()) as [ClusterNode, ClusterNode];
    const key = await keyOf(bed, from);
    await deafTo(redis, to, NAME);
    await held(redis, key, null);
    await bed.moveSlot(hashSlot(key), to);
    await to.server.command('SET', key, '1');
    await notHeldBut(redis, key, '1', IN_TIME);
  });
});
