// Keys of a slot that is being moved: nodes answer ASK for those that have gone, TRYAGAIN where only some have. Whoever
// asks for several keys sees neither.

import { hashSlot } from 'redis-near-cache';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import type { SlotMove } from '../../support/beds/slot-move.js';
import { type Client, call, type Near } from '../../support/client.js';
import { type Cluster, close, connectBare, connectNear, MAJORS, type Major } from './slot-rig.js';

let bed: ClusterBed;
beforeAll(async () => {
  bed = await ClusterBed.start({ replicasPerShard: 0 });
});
afterAll(() => bed.stop());

describe.each(MAJORS)('while a slot is moved, on a cluster of node-redis %s', (major: Major) => {
  const tag = `{moved for ${major}}`;
  const here = [`k:${tag}1`, `k:${tag}2`];
  const gone = [`k:${tag}3`, `k:${tag}4`];
  const missing = [`k:${tag}5`, `k:${tag}6`];
  const outside = `other:${tag}`;
  const elsewhere = Array.from({ length: 10 }, (_, index) => `k:${index}`);
  const slot = hashSlot(tag);
  const all = [...elsewhere, ...here, ...gone, ...missing, outside];
  const present = all.filter((key) => !missing.includes(key));
  const expected = (keys: readonly string[]) => keys.map((key) => (missing.includes(key) ? null : key));

  let bare: Cluster & Client;
  let redis: Cluster & Near;
  let move: SlotMove;
  beforeAll(async () => {
    bare = await connectBare(major, bed);
    redis = await connectNear(major, bed);
    const from = await bed.ownerOf(slot);
    const [to] = (await bed.primaries()).filter((node) => node !== from);
    if (to === undefined) throw new Error('One node only.');
    move = await bed.openMove(slot, to);
  });
  afterAll(() => close(redis, bare));

  beforeEach(async () => {
    const moved = new Set(gone);
    await redis.del([...all].filter((key) => hashSlot(key) !== slot));
    await move.to.server.pipeline([...here, ...gone, outside].flatMap((key) => [['ASKING'], ['DEL', key]]));
    for (const key of [...here, ...gone, outside]) {
      // A key that has gone can only be asked for where it went.
      await move.from.server.command('DEL', key).catch(() => {});
    }
    for (const key of elsewhere) await bare.set(key, key);
    await move.from.server.command('CLUSTER', 'SETSLOT', `${slot}`, 'STABLE');
    for (const key of [...here, ...gone, outside]) await move.from.server.command('SET', key, key);
    await move.from.server.command('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', move.to.id);
    await move.moveKey(...moved);
    redis.near.clear();
  });

  const lists: Record<string, readonly string[]> = {
    'that have all gone': gone,
    'of which some have gone': [...gone, ...here],
    'of which some are missing': [...here, ...missing],
    'that are all missing': missing,
    'among keys of all nodes': all,
    'twice each': [...all, ...all],
  };

  test('a bare client is told to try again', async () => {
    await expect(bare.mGet([...gone, ...here])).rejects.toThrow('TRYAGAIN');
  });

  test.each(Object.entries(lists))('reads answer keys %s', async (_, keys) => {
    const count = keys.filter((key) => present.includes(key)).length;
    for (let round = 0; round < 2; round++) {
      expect(await redis.mGet(keys)).toEqual(expected(keys));
      expect(await redis.exists(keys)).toBe(count);
      expect(await redis.touch(keys)).toBe(count);
    }
    if (major === 'v4') expect(await call(redis, 'MGET', [keys])).toEqual(expected(keys));
  });

  test.each(Object.entries(lists))(
    'those who ask at the same time are answered, too: keys %s',
    async (_, keys) => {
      const replies = await Promise.all([redis.mGet(keys), redis.mGet(keys), redis.mGet(keys.slice(1))]);
      expect(replies).toEqual([expected(keys), expected(keys), expected(keys.slice(1))]);
    },
  );

  test.each(['del', 'unlink'] as const)('%s deletes on both nodes, and counts', async (method) => {
    await redis.mGet(all);
    expect(await redis[method](all)).toBe(present.length);
    expect(await redis.mGet(all)).toEqual(all.map(() => null));
    expect(await redis[method](all)).toBe(0);
  });

  test('mSet is told to try again, as the client is: its keys of one slot are set together or not at all', async () => {
    const pairs = [...here, ...gone, ...elsewhere].map((key) => [key, 'new']);
    await expect(redis.mSet(pairs)).rejects.toThrow('TRYAGAIN');
    expect(await redis.mGet([...here, ...gone])).toEqual([...here, ...gone]);
    expect(await redis.mGet(elsewhere)).toEqual(elsewhere.map(() => 'new'));
  });

  test('when the move is closed, keys are read where they are now, and held again', async () => {
    await redis.mGet(all);
    await move.moveKeys();
    await move.close();
    await bed.settled();
    expect(await redis.mGet(all)).toEqual(expected(all));
    await bare.set(here[0] ?? '', 'changed');
    await expect.poll(() => redis.mGet(here)).toEqual(['changed', here[1]]);
  });
});
