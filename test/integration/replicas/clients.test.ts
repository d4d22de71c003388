// The clients of replicas: given by the user or made by discovery, and what the wrapped client's own state means for them.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { type Client, call } from '../../support/client.js';
import { discard } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { MAJORS, ReplicaRig } from '../../support/replica-rig.js';
import { type Major, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start();
});
afterAll(() => bed.stop());
beforeEach(() => bed.primary.command('FLUSHALL'));

/** Connections that a server has, by their names. */
async function named(server: RedisServer, name: string): Promise<number> {
  return String(await server.command('CLIENT', 'LIST')).split(`name=${name} `).length - 1;
}

const CHANGES: Readonly<Record<string, (redis: Client) => Promise<unknown>>> = {
  'select()': (redis) => call(redis, 'select', [1]) as Promise<unknown>,
  'a raw SELECT': (redis) => redis.sendCommand(['SELECT', '1']),
  'a SELECT in a transaction': (redis) => redis.multi().addCommand(['SELECT', '1']).exec(),
};

describe.each(MAJORS)('of v%i', (major) => {
  test('given ones are connected and closed here, unless they were connected before', async () => {
    const [first, second] = bed.replicas.map(({ url }) => single(major, url, { name: 'given' }));
    if (first === undefined || second === undefined) throw new Error('Two replicas are needed.');
    await first.connect();
    const rig = await ReplicaRig.start(bed, {
      major,
      routing: { reads: 'replicas', replicas: [first, second] },
    });
    expect(second.isReady).toBe(true);
    rig.redis.near.close();
    await until(() => !second.isOpen);
    expect(first.isReady).toBe(true);
    await rig[Symbol.asyncDispose]();
    expect(first.isReady).toBe(true);
    await discard(first);
  });

  test('given ones are connected again with the data client', async () => {
    const clients = bed.replicas.map(({ url }) => single(major, url));
    await using rig = await ReplicaRig.start(bed, {
      major,
      routing: { reads: 'replicas', replicas: clients },
    });
    await discard(rig.redis);
    await until(() => clients.every(({ isOpen }) => !isOpen));
    await rig.redis.connect();
    await rig.answering(2);
    await rig.home('k:1');
  });

  test('discovered ones come and go with their replicas, and end with the data client', async () => {
    const extra = await RedisServer.start();
    try {
      await using rig = await ReplicaRig.start(bed, { major, client: { name: 'mine' } });
      await rig.home('k:1');
      await extra.command('REPLICAOF', '127.0.0.1', `${bed.primary.port}`);
      await rig.answering(3);
      expect(rig.row(extra)).toMatchObject({ role: 'replica', answers: true });
      expect(await rig.redis.get('k:1')).toBe('home');
      await extra.command('REPLICAOF', 'NO', 'ONE');
      await until(() => rig.row(extra) === undefined);
      await until(async () => (await named(extra, 'mine')) + (await named(extra, 'mine:tracking')) === 0);
      expect(await rig.redis.get('k:1')).toBe('home');
      rig.redis.near.close();
      for (const replica of bed.replicas)
        await until(
          async () => (await named(replica, 'mine')) + (await named(replica, 'mine:tracking')) === 0,
        );
    } finally {
      await extra.stop();
    }
  });

  test('discovered ones that gave up to reconnect are made anew', async () => {
    await using rig = await ReplicaRig.start(bed, {
      major,
      client: { name: 'mine', socket: { reconnectStrategy: false } },
    });
    const home = await rig.home('k:1');
    await home.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(() => rig.changes.some(({ node, answers }) => node.endsWith(`:${home.port}`) && !answers));
    await rig.answering(2);
    expect(await rig.home('k:1')).toBe(home);
  });

  test.each(Object.entries(CHANGES))(
    'are not read from after %s: they have another database',
    async (_, change) => {
      await using rig = await ReplicaRig.start(bed, { major });
      const warnings: string[] = [];
      rig.redis.near.on('warning', ({ code }) => warnings.push(code));
      await rig.home('k:1');
      await change(rig.redis);
      expect(await rig.redis.get('k:1')).toBeNull();
      await bed.caughtUp();
      await rig.covered();
      for (let read = 0; read < 20; read++) {
        rig.redis.near.clear();
        expect(await rig.redis.get('k:1')).toBeNull();
      }
      expect(warnings).toEqual(['strayed']);
    },
  );

  test('have the database that the data client was made with', async () => {
    await using rig = await ReplicaRig.start(bed, { major, client: { database: 2 } });
    await rig.home('k:1');
    rig.redis.near.clear();
    expect(await rig.redis.get('k:1')).toBe('home');
    expect(await rig.outsider.get('k:1')).toBeNull();
  });
});

test('after AUTH they are not read from: they have another user', async () => {
  await using rig = await ReplicaRig.start(bed);
  const home = await rig.home('k:1');
  const before = rig.row(home)?.replicaReads;
  // The default user has no password: an error, and enough.
  await expect(rig.redis.sendCommand(['AUTH', 'wrong'])).rejects.toThrow();
  await rig.covered();
  rig.redis.near.clear();
  expect(await rig.redis.get('k:1')).toBe('home');
  expect(rig.row(home)?.replicaReads).toBe(before);
});

test.each([5, 6] as const)(
  'a pool of v%i finds them too, and what it lends may stray',
  async (major: Major) => {
    const { kindOf, wrap } = await import('../../support/majors.js');
    const raw = kindOf(`v${major} pool`).create(bed.primary.url);
    const redis = wrap(raw, { prefixes: ['k:'], heartbeat: 20, routing: { reads: 'replicas' } });
    try {
      await redis.connect();
      const reads = (): number => redis.near.stats().tracking.reduce((sum, row) => sum + row.replicaReads, 0);
      await bed.primary.command('SET', 'k:1', 'old');
      await bed.caughtUp();
      await until(async () => {
        redis.near.clear();
        await redis.get('k:1');
        return reads() > 0;
      });
      await call(redis, 'execute', [(client: Client) => call(client, 'select', [1])]);
      const before = reads();
      for (let read = 0; read < 20; read++) {
        redis.near.clear();
        await redis.get('k:1');
      }
      expect(reads()).toBe(before);
    } finally {
      redis.near.close();
      await discard(raw);
    }
  },
);
