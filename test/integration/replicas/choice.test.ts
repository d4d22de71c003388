// Who answers a miss: the node that the option names, and only a miss of a key that is cached; writes go to the primary.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { type Client, call, type Near } from '../../support/client.js';
import type { RedisServer } from '../../support/redis-server.js';
import { MAJORS, ReplicaRig } from '../../support/replica-rig.js';
import { calls } from '../../support/rig.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start();
});
afterAll(() => bed.stop());

/** How often each node has executed a command since `reset()`: the primary first. */
function executed(command: string): Promise<number[]> {
  return Promise.all(bed.nodes.map((node) => calls(node, command)));
}

async function reset(): Promise<void> {
  await Promise.all(bed.nodes.map((node) => node.command('CONFIG', 'RESETSTAT')));
}

function reads(rig: ReplicaRig, server: { readonly port: number }): number {
  return rig.row(server)?.replicaReads ?? 0;
}

describe.each(MAJORS)('a client of v%i', (major) => {
  test('spreads keys over its replicas, and reads each from one and the same', async () => {
    await using rig = await ReplicaRig.start(bed, { major });
    const keys = Array.from({ length: 40 }, (_, at) => `k:${at}`);
    for (const key of keys) await rig.outsider.set(key, 'v');
    await bed.caughtUp();
    await rig.covered();
    await reset();
    for (const key of keys) expect(await rig.redis.get(key)).toBe('v');
    const [primary, ...replicas] = await executed('get');
    expect(primary).toBe(0);
    for (const count of replicas) expect(count).toBeGreaterThan(5);
    rig.redis.near.clear();
    for (const key of keys) await rig.redis.get(key);
    expect(await executed('get')).toEqual([0, ...replicas.map((count) => count * 2)]);
    rig.redis.near.clear();
    await rig.redis.mGet(keys);
    const [atPrimary, ...others] = await executed('mget');
    expect([atPrimary, ...others]).toEqual([0, 1, 1]);
  });

  test('comes back to the replica of a key that it misses all the time', async () => {
    const rare = { heartbeat: 2_000, maxStaleness: 12_000 };
    const routing = { reads: 'replicas', maxLag: 6_000 } as const;
    await using rig = await ReplicaRig.start(bed, { major, ...rare, routing });
    const atReplicas = (): number => bed.replicas.reduce((sum, replica) => sum + reads(rig, replica), 0);
    await rig.home('k:1');
    await rig.redis.set('k:1', 'own');
    const before = atReplicas();
    // Each of these that goes to the primary puts off the moment that a replica must cover.
    await until(async () => {
      rig.redis.near.clear();
      expect(await rig.redis.get('k:1')).toBe('own');
      return atReplicas() > before + 5;
    }, 1_900);
  });

  test('sends to its primary what is no miss of a cached key', async () => {
    await using rig = await ReplicaRig.start(bed, { major });
    const { redis } = rig;
    await rig.home('k:1');
    const sent: Readonly<Record<string, readonly [command: string, send: (redis: Near) => unknown]>> = {
      'a key of no prefix': ['get', () => redis.get('other')],
      'several of no prefix': ['mget', () => redis.mGet(['other', 'another'])],
      'a command that is not cached': ['ttl', () => call(redis, 'ttl', ['k:1'])],
      'a raw command': ['get', () => redis.sendCommand(['GET', 'k:1'])],
      'a transaction': ['get', () => redis.multi().get('k:1').exec()],
      'a pipeline': ['get', () => redis.multi().get('k:1').execAsPipeline()],
      'a read under WATCH': [
        'get',
        async () => {
          await call(redis, 'watch', ['k:1']);
          await redis.get('k:1');
          await call(redis, 'unwatch');
        },
      ],
    };
    for (const [what, [command, send]] of Object.entries(sent)) {
      await reset();
      await send(redis);
      expect(await executed(command), what).toEqual([1, 0, 0]);
    }
    const writes: readonly ((redis: Client) => unknown)[] = [
      () => redis.set('k:1', 'v'),
      () => redis.hSet('k:h', { f: 'v' }),
      () => redis.del('k:h'),
      () => redis.multi().set('k:1', 'v').exec(),
      () => redis.multi().set('k:1', 'v').execAsPipeline(),
      () => redis.sendCommand(['SET', 'k:1', 'v']),
    ];
    // A replica would refuse.
    for (const write of writes) await write(redis);
  });

  test("reads: 'hot' leaves keys that are read seldom to the primary", async () => {
    await using rig = await ReplicaRig.start(bed, { major, routing: { reads: 'hot', hotAfter: 5 } });
    for (const key of ['k:hot', 'k:cool']) await rig.outsider.set(key, 'v');
    await bed.caughtUp();
    await rig.covered();
    const hot = async (): Promise<boolean> => {
      await reset();
      for (let read = 0; read < 20; read++) {
        rig.redis.near.clear();
        await rig.redis.get('k:hot');
        // What was read at the primary, a replica must cover.
        await rig.covered();
      }
      const [, ...replicas] = await executed('get');
      return replicas.some((count) => count > 0);
    };
    await until(hot);
    const before = bed.replicas.map((replica) => reads(rig, replica));
    await rig.redis.get('k:cool');
    expect(bed.replicas.map((replica) => reads(rig, replica))).toEqual(before);
  });
});

/** Answers of this server are on their way for so long, from now on. Unit: ms. */
async function delayed(server: RedisServer, ms: number): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(server.port);
  proxy.delay(ms);
  return proxy;
}

test.each(MAJORS)("reads: 'nearest' asks the node with the shortest way (v%i)", async (major) => {
  const [first, second] = bed.replicas;
  if (first === undefined || second === undefined) throw new Error('Two replicas are needed.');
  const [primary, near, far] = await Promise.all([
    delayed(bed.primary, 30),
    delayed(first, 0),
    delayed(second, 30),
  ]);
  const clients = [near, far].map(({ url }) => single(major, url));
  const routing = { reads: 'nearest', replicas: clients, maxLag: 3_000 } as const;
  try {
    await using rig = await ReplicaRig.start(bed, { major, url: primary.url, routing });
    await rig.outsider.set('k:1', 'v');
    await bed.caughtUp();
    const readAt = async (server: { readonly port: number }): Promise<boolean> => {
      // What was read at the primary, a replica must cover.
      await rig.covered(near, far);
      const before = reads(rig, server);
      rig.redis.near.clear();
      await rig.redis.get('k:1');
      return reads(rig, server) > before;
    };
    await until(() => readAt(near), 10_000, 'reads to go to the near replica');
    near.delay(100);
    far.delay(0);
    await until(() => readAt(far), 20_000, 'reads to go to the other');
    far.delay(150);
    primary.delay(0);
    await until(
      async () => !(await readAt(far)) && !(await readAt(near)),
      20_000,
      'reads to go to the primary',
    );
  } finally {
    await Promise.all([primary, near, far].map((proxy) => proxy.stop()));
  }
});
