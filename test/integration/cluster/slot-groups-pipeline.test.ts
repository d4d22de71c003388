// What commands over many slots cost, and what this process knows of its own writes without being told by a server.

import { commandOptions } from 'redis-client-v4';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import { type Client, call, type Near } from '../../support/client.js';
import { until } from '../../support/until.js';
import {
  type Cluster,
  close,
  connectBare,
  connectNear,
  executed,
  forget,
  Gates,
  MAJORS,
  type Major,
  slotsOf,
  total,
} from './slot-rig.js';

let bed: ClusterBed;
let gates: Gates;
beforeAll(async () => {
  bed = await ClusterBed.start({ replicasPerShard: 0 });
  gates = await Gates.before(bed);
});
afterAll(async () => {
  await gates.stop();
  await bed.stop();
});

const KEYS = Array.from({ length: 300 }, (_, index) => `k:${index}`);

describe.each(MAJORS)('on a cluster of node-redis %s', (major: Major) => {
  let bare: Cluster & Client;
  beforeAll(async () => {
    bare = await connectBare(major, bed);
  });
  afterAll(() => close(bare));
  beforeEach(async () => {
    for (const { server } of bed.nodes) await server.command('FLUSHALL');
    await Promise.all(KEYS.map((key) => bare.set(key, 'old')));
  });

  describe('300 keys of all nodes cost one round trip: every node has executed its part before any reply arrives', () => {
    let redis: Cluster & Near;
    beforeAll(async () => {
      redis = await connectNear(major, bed, gates.options);
    });
    afterAll(async () => {
      gates.release();
      await close(redis);
    });

    const pairs = KEYS.map((key) => [key, 'new']);
    const batches: [command: string, send: () => Promise<unknown>, reply: unknown][] = [
      ['mget', () => redis.mGet(KEYS), KEYS.map(() => 'old')],
      ['exists', () => redis.exists(KEYS), KEYS.length],
      ['touch', () => redis.touch(KEYS), KEYS.length],
      ['del', () => redis.del(KEYS), KEYS.length],
      ['unlink', () => redis.unlink(KEYS), KEYS.length],
      ['mset', () => redis.mSet(pairs), 'OK'],
    ];

    test.each(batches)('%s', async (command, send, reply) => {
      redis.near.clear();
      await forget(bed.nodes);
      gates.hold();
      let arrived = false;
      const answer = send().finally(() => {
        arrived = true;
      });
      const done = async () => total(await executed(bed.nodes, command)) === slotsOf(KEYS);
      await until(done, 5_000, `${slotsOf(KEYS)} commands to be executed`);
      expect(Math.min(...(await executed(bed.nodes, command)))).toBeGreaterThan(0);
      expect(arrived).toBe(false);
      gates.release();
      expect(await answer).toEqual(reply);
    });

    test('a reply that was on its way while its keys were written is not stored', async () => {
      redis.near.clear();
      await forget(bed.nodes);
      gates.hold();
      const before = redis.mGet(KEYS);
      const asked = async () => total(await executed(bed.nodes, 'mget')) === slotsOf(KEYS);
      await until(asked, 5_000, 'the reads to be executed');
      const written = redis.mSet(pairs);
      gates.release();
      expect(await before).toEqual(KEYS.map(() => 'old'));
      await written;
      expect(await redis.mGet(KEYS)).toEqual(KEYS.map(() => 'new'));
    });

    test('reads of the same keys at the same time are sent once', async () => {
      redis.near.clear();
      await forget(bed.nodes);
      const some = KEYS.slice(0, 150);
      const replies = await Promise.all([redis.mGet(some), redis.mGet(KEYS), redis.mGet(some)]);
      for (const reply of replies) expect(new Set(reply)).toEqual(new Set(['old']));
      expect(total(await executed(bed.nodes, 'mget'))).toBe(slotsOf(some) + slotsOf(KEYS.slice(150)));
    });
  });

  test('without any push, this process reads its own writes', async () => {
    for (const { server } of bed.nodes)
      await server.command('ACL', 'SETUSER', 'deaf', 'on', 'nopass', '+ping');
    const redis = await connectNear(
      major,
      bed,
      {},
      { fallback: 'ttl', ttl: 60_000, tracking: { username: 'deaf', password: 'any' } },
    );
    const some = KEYS.slice(0, 30);
    const reads = async (value: string | null): Promise<void> => {
      for (let round = 0; round < 2; round++) {
        expect(await redis.mGet(some)).toEqual(some.map(() => value));
        expect(await redis.exists(some)).toBe(value === null ? 0 : some.length);
      }
    };
    await reads('old');
    await redis.mSet(some.map((key) => [key, 'new']));
    await reads('new');
    await redis.del(some);
    await reads(null);
    await redis.mSet(Object.fromEntries(some.map((key) => [key, 'again'])));
    await reads('again');
    await redis.unlink(some.map((key) => Buffer.from(key)));
    await reads(null);
    if (major === 'v4') {
      await call(redis, 'mSet', [commandOptions({}), some.flatMap((key) => [key, 'last'])]);
      await reads('last');
      await call(redis, 'DEL', [commandOptions({}), some]);
      await reads(null);
    }
    await close(redis);
  });
});
