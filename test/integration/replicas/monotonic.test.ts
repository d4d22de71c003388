// One process never sees a key go back in time (rule C10), while its reads change between replicas and primary.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { type Client, call, has, type Near } from '../../support/client.js';
import { chance, MAJORS, newSeed, ReplicaRig } from '../../support/replica-rig.js';
import { single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start();
});
afterAll(() => bed.stop());
beforeEach(() => release());

function release(): void {
  for (const replica of bed.replicas) bed.link(replica).release('down');
}

/** Ways to see the counter `k:n`. */
const READS: Readonly<Record<string, (redis: Near) => Promise<unknown>>> = {
  get: (redis) => redis.get('k:n'),
  mGet: async (redis) => (await redis.mGet(['k:n', 'k:other']))[0],
  getRange: (redis) => redis.getRange('k:n', 0, -1),
  multi: async (redis) => (await redis.multi().get('k:n').exec())[0],
  pipeline: async (redis) => (await redis.multi().get('k:n').execAsPipeline())[0],
  raw: (redis) => redis.sendCommand(['GET', 'k:n']),
  // Only v4 has it: on a connection of its own.
  isolated: (redis) =>
    has(redis, 'executeIsolated')
      ? (call(redis, 'executeIsolated', [(client: Client) => client.get('k:n')]) as Promise<unknown>)
      : redis.get('k:n'),
};

/** Reads in a loop; a read that begins after another has ended must not tell of less. */
async function follow(redis: Near, isOver: () => boolean, pick: (below: number) => number): Promise<number> {
  const ways = Object.values(READS);
  let ended = 0;
  let reads = 0;
  const reader = async (): Promise<void> => {
    while (!isOver()) {
      const least = ended;
      const way = pick(3) === 0 ? ways[pick(ways.length)] : READS.get;
      if (pick(3) === 0) redis.near.clear();
      const seen = Number(await way?.(redis));
      if (seen < least) throw new Error(`${seen} was read after ${least}.`);
      ended = Math.max(ended, seen);
      reads++;
      // A hit gives nobody else a turn.
      if (reads % 20 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all([reader(), reader(), reader(), reader()]);
  return reads;
}

describe.each(MAJORS)('for a client of v%i', (major) => {
  test.each(['replicas', 'nearest', 'hot'] as const)(
    'a counter never goes back with reads: %s, while links stall at random',
    async (reads) => {
      const random = chance(newSeed(`counter v${major} ${reads}`));
      const pick = (below: number): number => Math.floor(random() * below);
      await using rig = await ReplicaRig.start(bed, { major, routing: { reads, maxLag: 30, hotAfter: 3 } });
      await rig.outsider.set('k:n', '0');
      await bed.caughtUp();
      await rig.covered();
      let isOver = false;
      const readers = follow(rig.redis, () => isOver, pick);
      const write = async (): Promise<void> => {
        for (let round = 0; round < 800; round++) {
          await rig.outsider.sendCommand(['INCR', 'k:n']);
          if (round % 8 !== 0) continue;
          const replica = bed.replicas[pick(2)];
          if (replica === undefined) continue;
          if (pick(2) === 0) bed.link(replica).hold('down');
          else bed.link(replica).release('down');
          if (pick(10) === 0) bed.link(replica).cut();
        }
      };
      // Either may fail first, and both have to be over before the next test.
      const outcomes = await Promise.allSettled([
        readers,
        write().finally(() => {
          isOver = true;
        }),
      ]);
      release();
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      await bed.linked();
      await until(async () => (await rig.redis.get('k:n')) === '800');
    },
  );
});

describe('what was seen', () => {
  test('at the primary is not forgotten by a replica that is behind', async () => {
    for (const [name, read] of Object.entries(READS)) {
      if (!['multi', 'pipeline', 'raw', 'isolated'].includes(name)) continue;
      await using rig = await ReplicaRig.start(bed, { major: 4 });
      await rig.home('k:n');
      for (const replica of bed.replicas) await rig.stall(replica);
      await rig.outsider.set('k:n', '1');
      rig.redis.near.clear();
      expect(await rig.redis.get('k:n'), name).toBe('home');
      expect(await read(rig.redis), name).toBe('1');
      expect(await rig.redis.get('k:n'), name).toBe('1');
      release();
    }
  });

  test('at the primary while a key was cool is not forgotten by a replica when it is hot', async () => {
    await using rig = await ReplicaRig.start(bed, { routing: { reads: 'hot', hotAfter: 3, maxLag: 3_000 } });
    await rig.outsider.set('k:n', '0');
    await bed.caughtUp();
    // Else they would be left aside for what they do not cover since they were met.
    await rig.covered();
    for (const replica of bed.replicas) await rig.stall(replica);
    await rig.outsider.set('k:n', '1');
    for (let read = 0; read < 10; read++) {
      rig.redis.near.clear();
      expect(await rig.redis.get('k:n')).toBe('1');
    }
  });

  test('at a replica that is left out is not forgotten by the other', async () => {
    const replicas = bed.replicas.map(({ url }) => single(6, url));
    await using rig = await ReplicaRig.start(bed, {
      routing: { reads: 'replicas', maxLag: 3_000, replicas },
    });
    const home = await rig.home('k:n');
    const other = bed.replicas.find((replica) => replica !== home) ?? home;
    await rig.stall(other);
    await rig.outsider.set('k:n', '1');
    await bed.caughtUp(home);
    rig.redis.near.clear();
    expect(await rig.redis.get('k:n')).toBe('1');
    bed.link(home).refuse();
    await until(() => !rig.answers(home));
    for (let read = 0; read < 10; read++) {
      rig.redis.near.clear();
      expect(await rig.redis.get('k:n')).toBe('1');
    }
    bed.link(home).heal();
    await bed.linked();
  });

  test('at a replica of one key of several is not forgotten by the replica of that key', async () => {
    await using rig = await ReplicaRig.start(bed, { routing: { reads: 'replicas', maxLag: 3_000 } });
    const [first, second] = bed.replicas;
    if (first === undefined || second === undefined) throw new Error('Two replicas are needed.');
    const key = await rig.keyOf(first);
    const other = await rig.keyOf(second);
    for (const each of [key, other]) await rig.outsider.del(each);
    await bed.caughtUp();
    await rig.covered();
    await rig.stall(second);
    await rig.outsider.sAdd(other, 'new');
    await bed.caughtUp(first);
    rig.redis.near.clear();
    expect(await call(rig.redis, 'sUnion', [[key, other]])).toEqual(['new']);
    expect(await rig.redis.sMembers(other)).toEqual(['new']);
  });
});
