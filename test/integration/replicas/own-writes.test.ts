// A process reads its own writes, wherever its reads go and however far behind the replicas are (rules C4, C9).

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { call, type Near } from '../../support/client.js';
import { RESP_TYPES } from '../../support/majors.js';
import { chance, MAJORS, newSeed, ReplicaRig } from '../../support/replica-rig.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start();
});
afterAll(() => bed.stop());
beforeEach(() => release());

function release(): void {
  for (const replica of bed.replicas) bed.link(replica).release('down');
}

/** Writes a value under a key in some way; resolves when that is acknowledged. */
type Write = (redis: Near, key: string, value: string) => Promise<unknown>;

const WRITES: Readonly<Record<string, Write>> = {
  set: (redis, key, value) => redis.set(key, value),
  'del and set': (redis, key, value) => Promise.all([redis.del(key), redis.set(key, value)]),
  multi: (redis, key, value) => redis.multi().set(key, value).exec(),
  pipeline: (redis, key, value) => redis.multi().set(key, value).execAsPipeline(),
  mSet: (redis, key, value) => redis.mSet([[key, value]]),
  raw: (redis, key, value) => redis.sendCommand(['SET', key, value]),
  'unlisted script': (redis, key, value) =>
    redis.sendCommand(['EVAL', `return redis.call('set', '${key}', '${value}')`, '0']),
  rename: async (redis, key, value) => {
    await redis.set('other', value);
    await redis.sendCommand(['RENAME', 'other', key]);
  },
};

describe.each(MAJORS)('a client of v%i', (major) => {
  test('reads what it wrote in any way while replicas stall', async () => {
    await using rig = await ReplicaRig.start(bed, { major });
    const { redis } = rig;
    for (const [way, write] of Object.entries(WRITES)) {
      for (const key of ['k:1', 'k:2', 'k:3']) await write(redis, key, 'old');
      await bed.caughtUp();
      await rig.covered();
      redis.near.clear();
      for (const key of ['k:1', 'k:2', 'k:3']) expect(await redis.get(key), way).toBe('old');
      for (const replica of bed.replicas) await rig.stall(replica);
      for (const key of ['k:1', 'k:2', 'k:3']) {
        await write(redis, key, 'new');
        expect(await redis.get(key), way).toBe('new');
        redis.near.clear();
        expect(await redis.mGet([key]), way).toEqual(['new']);
        redis.near.clear();
        expect(await redis.exists(key), way).toBe(1);
      }
      release();
    }
  });

  test('reads that it deleted a key, and fields of a hash that it wrote', async () => {
    await using rig = await ReplicaRig.start(bed, { major });
    const { redis } = rig;
    const key = await rig.keyOf(bed.replicas[0] ?? bed.primary);
    await redis.hSet('k:h', { field: 'old' });
    await bed.caughtUp();
    await rig.covered();
    expect(await redis.hGetAll('k:h')).toEqual({ field: 'old' });
    for (const replica of bed.replicas) await rig.stall(replica);
    await redis.del(key);
    expect(await redis.get(key)).toBeNull();
    await redis.hSet('k:h', { field: 'new' });
    expect(await redis.hGet('k:h', 'field')).toBe('new');
    expect(await redis.hGetAll('k:h')).toEqual({ field: 'new' });
  });
});

test('a client that empties the database reads nothing of what was there', async () => {
  await using rig = await ReplicaRig.start(bed);
  await rig.home('k:1');
  for (const replica of bed.replicas) await rig.stall(replica);
  await rig.redis.sendCommand(['FLUSHALL']);
  for (let read = 0; read < 10; read++) {
    rig.redis.near.clear();
    expect(await rig.redis.get('k:1')).toBeNull();
  }
});

test.each([5, 6] as const)('a view of a client of v%i reads what another view wrote', async (major) => {
  await using rig = await ReplicaRig.start(bed, { major });
  const { redis } = rig;
  await rig.home('k:1');
  for (const replica of bed.replicas) await rig.stall(replica);
  const bytes = call(redis, 'withTypeMapping', [{ [RESP_TYPES.BLOB_STRING]: Buffer }]) as Near;
  const patient = call(redis, 'withCommandOptions', [{ timeout: 5_000 }]) as Near;
  await bytes.set('k:1', 'new');
  expect(await patient.get('k:1')).toBe('new');
  expect(String(await bytes.get('k:1'))).toBe('new');
  expect(await redis.get('k:1')).toBe('new');
});

test('a prefix that is unregistered changes nothing about what a replica covers', async () => {
  await using rig = await ReplicaRig.start(bed, { prefixes: ['k:', 'other:'] });
  const { redis } = rig;
  await rig.home('k:1');
  for (const replica of bed.replicas) await rig.stall(replica);
  await redis.set('k:1', 'new');
  // Every session ends and begins anew.
  await redis.near.unregister('other:');
  for (let read = 0; read < 5; read++) {
    redis.near.clear();
    expect(await redis.get('k:1')).toBe('new');
  }
});

test('a key that was written is read from its replica again once that has caught up', async () => {
  await using rig = await ReplicaRig.start(bed);
  const { redis } = rig;
  const home = await rig.home('k:1');
  const link = await rig.stall(home);
  await redis.set('k:1', 'new');
  const before = rig.row(home)?.replicaReads;
  expect(await redis.get('k:1')).toBe('new');
  expect(rig.row(home)?.replicaReads).toBe(before);
  link.release('down');
  await bed.caughtUp();
  await rig.covered();
  redis.near.clear();
  expect(await redis.get('k:1')).toBe('new');
  expect(rig.row(home)?.replicaReads).toBe((before ?? 0) + 1);
});

test('ten thousand writes are read at once, while replicas lag at random', async () => {
  const random = chance(newSeed('own writes'));
  const pick = (below: number): number => Math.floor(random() * below);
  await using rig = await ReplicaRig.start(bed, { routing: { reads: 'replicas', maxLag: 3_000 } });
  const { redis } = rig;
  const before = replicaReads(rig);
  const ways = [WRITES.set, WRITES.multi, WRITES.pipeline, WRITES['del and set'], WRITES.raw];
  const lane = async (name: string): Promise<void> => {
    for (let round = 0; round < 1_000; round++) {
      if (pick(20) === 0) {
        const link = bed.link(bed.replicas[pick(2)] ?? bed.primary);
        if (pick(2) === 0) link.hold('down');
        else link.release('down');
      }
      const key = `k:${name}:${pick(5)}`;
      const value = `${round}`;
      if (pick(4) === 0) {
        await redis.hSet(`${key}:h`, { field: value });
        expect(await redis.hGet(`${key}:h`, 'field')).toBe(value);
      } else {
        await ways[pick(ways.length)]?.(redis, key, value);
        expect(await redis.get(key)).toBe(value);
      }
      // Something that was not written just now is read from a replica.
      await redis.get(`k:${name}:${5 + pick(20)}`);
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, at) => lane(`${at}`)));
  expect(replicaReads(rig)).toBeGreaterThan(before);
});

function replicaReads(rig: ReplicaRig): number {
  return rig.redis.near.stats().tracking.reduce((sum, row) => sum + row.replicaReads, 0);
}
