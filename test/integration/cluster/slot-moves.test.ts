// A slot moves: while it does, and after it has, nothing is held that its new owner may change unheard, and reads tell
// what the cluster holds (rule C8).

import { hashSlot } from 'redis-near-cache';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClusterBed, type ClusterNode } from '../../support/beds/cluster-bed.js';
import type { Client, Near } from '../../support/client.js';
import {
  bareCluster,
  closeAll,
  deafAfterLoss,
  deafTo,
  held,
  keyOf,
  MAJORS,
  nearCluster,
  notHeldBut,
  TIMING,
} from '../../support/cluster-rig.js';

let bed: ClusterBed;
beforeAll(async () => {
  bed = await ClusterBed.start();
});
afterAll(() => bed.stop());

/** The lease, and what a busy machine adds to it. */
const IN_TIME = TIMING.maxStaleness + 1_000;
const NAME = 'moves:tracking';

describe.each(MAJORS)('v%i', (major) => {
  let redis: Near;
  let outsider: Client;
  let from: ClusterNode;
  let to: ClusterNode;
  let key: string;
  let slot: number;
  beforeEach(async () => {
    redis = await nearCluster(major, bed, deafAfterLoss(NAME));
    outsider = await bareCluster(6, bed);
    [from, to] = (await bed.primaries()) as [ClusterNode, ClusterNode];
    key = await keyOf(bed, from);
    slot = hashSlot(key);
  });
  afterEach(() => closeAll(redis, outsider));

  test('a nil that the old owner vouched for goes, although nobody pushes it', async () => {
    await deafTo(redis, to, NAME);
    await held(redis, key, null);
    await bed.moveSlot(slot, to);
    await to.server.command('SET', key, '1');
    await notHeldBut(redis, key, '1', IN_TIME);
    expect(await redis.get(key)).toBe('1');
  });

  test('a nil goes while the move is still open, and its key is created at the new owner', async () => {
    await deafTo(redis, to, NAME);
    await held(redis, key, null);
    const move = await bed.openMove(slot, to);
    await outsider.set(key, '1');
    await notHeldBut(redis, key, '1', IN_TIME);
    expect(await redis.get(key)).toBe('1');
    await move.close();
    await bed.settled();
    await outsider.set(key, '2');
    expect(await redis.get(key)).toBe('2');
  });

  test('reads during an open move are right, and are held from the owner only', async () => {
    const other = `${key}:stays`;
    await outsider.set(key, '1');
    await outsider.set(other, '1');
    await held(redis, key, '1');
    const move = await bed.openMove(slot, to);
    await move.moveKey(key);
    for (let round = 2; round < 12; round++) {
      await outsider.set(key, `${round}`);
      expect(await redis.get(key)).toBe(`${round}`);
      expect(redis.near.peek(key)).toBeUndefined();
      expect(await redis.mGet([key])).toEqual([`${round}`]);
      expect(redis.near.peek(key)).toBeUndefined();
    }
    await held(redis, other, '1');
    await redis.set(key, 'own');
    expect(await redis.get(key)).toBe('own');
    await move.moveKeys();
    await move.close();
    await bed.settled();
    await outsider.set(other, '2');
    await notHeldBut(redis, other, '2', IN_TIME);
    await held(redis, key, 'own');
    await held(redis, other, '2');
  });
});

function replicaReads({ near }: Near): number {
  return near.stats().tracking.reduce((sum, each) => sum + each.replicaReads, 0);
}

describe.each(MAJORS)('v%i reading from replicas', (major) => {
  let redis: Near;
  let outsider: Client;
  let from: ClusterNode;
  let to: ClusterNode;
  let key: string;
  let slot: number;
  beforeEach(async () => {
    const routing = { reads: 'replicas', maxLag: 450 } as const;
    redis = await nearCluster(major, bed, { routing, ...deafAfterLoss(NAME) });
    outsider = await bareCluster(6, bed);
    [from, to] = (await bed.primaries()) as [ClusterNode, ClusterNode];
    key = await keyOf(bed, from);
    slot = hashSlot(key);
  });
  afterEach(() => closeAll(redis, outsider));

  test('a nil of a replica goes while the move is open, and its key is created at the new owner', async () => {
    await deafTo(redis, to, NAME);
    await held(redis, key, null);
    const move = await bed.openMove(slot, to);
    await outsider.set(key, '1');
    await notHeldBut(redis, key, '1', IN_TIME);
    expect(await redis.get(key)).toBe('1');
    await move.close();
    await bed.settled();
    await outsider.set(key, '2');
    expect(await redis.get(key)).toBe('2');
  });

  test('a key that has gone during an open move is never told to be missing', async () => {
    const other = `${key}:other`;
    for (const each of [key, other]) await outsider.set(each, '1');
    const before = replicaReads(redis);
    for (const each of [key, other]) await held(redis, each, '1');
    expect(replicaReads(redis)).toBeGreaterThan(before + 1);
    const move = await bed.openMove(slot, to);
    await move.moveKey(key, other);
    await notHeldBut(redis, key, null);
    await notHeldBut(redis, other, null);
    for (let round = 0; round < 200; round++) {
      expect(await redis.get(key)).toBe('1');
      expect(await redis.mGet([other])).toEqual(['1']);
    }
    await move.close();
    for (let round = 0; round < 200; round++) expect(await redis.get(key)).toBe('1');
    await bed.settled();
    await outsider.set(key, '2');
    await notHeldBut(redis, key, '2', IN_TIME);
    await held(redis, key, '2');
  });
});
