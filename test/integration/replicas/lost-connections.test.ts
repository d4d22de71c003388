// Connections to replicas that are lost or answer no more: readers get their answer from the primary, and only what a
// node vouched for goes with its tracking connection.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { discard } from '../../support/majors.js';
import type { RedisServer } from '../../support/redis-server.js';
import { MAJORS, ReplicaRig, type ReplicaRigOptions } from '../../support/replica-rig.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { type Major, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start();
});
afterAll(() => bed.stop());

/** Ends connections by their name's end: the tracking ones are called so. */
async function kill(server: RedisServer, ending: string): Promise<void> {
  const list = String(await server.command('CLIENT', 'LIST'));
  for (const line of list.split('\n')) {
    const id = / ?id=(\d+)/.exec(line)?.[1];
    if (id !== undefined && line.includes(`${ending} `)) await server.command('CLIENT', 'KILL', 'ID', id);
  }
}

describe('a tracking connection that is killed', () => {
  test.each(MAJORS)(
    'at a replica flushes what that one vouched for, and nothing else (v%i)',
    async (major) => {
      await using rig = await ReplicaRig.start(bed, { major, client: { name: 'mine' } });
      const [first, second] = bed.replicas;
      if (first === undefined || second === undefined) throw new Error('Two replicas are needed.');
      const { redis } = rig;
      const [here, there] = [await rig.keyOf(first), await rig.keyOf(second)];
      for (const key of [here, there]) await redis.get(key);
      // Written here, it is read from the primary.
      for (const replica of bed.replicas) await rig.stall(replica);
      await redis.set('k:own', 'own');
      await redis.get('k:own');
      const epochs = [bed.primary, second].map((server) => rig.row(server)?.epoch);
      const flushes = rig.flushes.length;
      await kill(first, 'mine:tracking');
      await until(() => rig.flushes.length > flushes);
      expect(rig.flushes[flushes]).toMatchObject({ reason: 'lost' });
      expect(redis.near.peek(here)).toBeUndefined();
      expect(redis.near.peek(there)).toBe('home');
      expect(redis.near.peek('k:own')).toBe('own');
      expect([bed.primary, second].map((server) => rig.row(server)?.epoch)).toEqual(epochs);
      for (const replica of bed.replicas) bed.link(replica).release('down');
      await rig.answering(2);
    },
  );

  test('at the primary flushes what that vouched for, and nothing else', async () => {
    await using rig = await ReplicaRig.start(bed, { client: { name: 'mine' } });
    const { redis } = rig;
    const key = await rig.keyOf(bed.replicas[0] ?? bed.primary);
    await redis.get(key);
    for (const replica of bed.replicas) await rig.stall(replica);
    await redis.set('k:own', 'own');
    await redis.get('k:own');
    const flushes = rig.flushes.length;
    await kill(bed.primary, 'mine:tracking');
    await until(() => rig.flushes.length > flushes);
    expect(rig.flushes[flushes]).toEqual({ reason: 'lost', entries: 1 });
    expect(redis.near.peek(key)).toBe('home');
    expect(redis.near.peek('k:own')).toBeUndefined();
    await until(() => rig.row(bed.primary)?.state === 'armed');
    for (const replica of bed.replicas) bed.link(replica).release('down');
    await rig.answering(2);
    await bed.caughtUp();
    expect(await redis.get('k:own')).toBe('own');
  });
});

/** Replicas behind proxies, which carry the data connection first, then the tracking one. */
async function startBehind(major: Major, options: ReplicaRigOptions = {}) {
  const proxies = await Promise.all(bed.replicas.map(({ port }) => TcpProxy.start(port)));
  const clients = proxies.map(({ url }) => single(major, url, { socket: { reconnectStrategy: 20 } }));
  await Promise.all(clients.map((client) => client.connect()));
  const routing = { reads: 'replicas', replicas: clients, maxLag: 500 } as const;
  const rig = await ReplicaRig.start(bed, { major, ...options, routing: { ...routing, ...options.routing } });
  const proxyOf = async (key: string): Promise<TcpProxy> => {
    await rig.redis.set(key, 'old');
    await bed.caughtUp();
    await rig.covered(...proxies);
    rig.redis.near.clear();
    const before = proxies.map((proxy) => rig.row(proxy)?.replicaReads);
    await rig.redis.get(key);
    const found = proxies.find((proxy, at) => rig.row(proxy)?.replicaReads !== before[at]);
    if (found === undefined) throw new Error(`${key} was not read from a replica.`);
    rig.redis.near.clear();
    return found;
  };
  return {
    rig,
    proxies,
    proxyOf,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await Promise.all(clients.map((client) => discard(client)));
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    },
  };
}

describe.each(MAJORS)('a data connection of v%i with a read under way', (major) => {
  test('that is cut costs the reader nothing, and comes back', async () => {
    await using behind = await startBehind(major);
    const { rig } = behind;
    const proxy = await behind.proxyOf('k:1');
    proxy.hold('down');
    const reads = [rig.redis.get('k:1'), rig.redis.mGet(['k:1']), rig.redis.exists('k:1')];
    await until(() => proxy.held('down') > 0);
    proxy.release('up');
    proxy.cut();
    expect(await Promise.all(reads)).toEqual(['old', ['old'], 1]);
    proxy.release('down');
    await until(() => rig.changes.some(({ node, answers }) => node.endsWith(`${proxy.port}`) && !answers));
    await rig.answering(2);
  });

  test('that is half-open costs the reader no more than a moment', async () => {
    await using behind = await startBehind(major);
    const { rig } = behind;
    const proxy = await behind.proxyOf('k:1');
    // The tracking connection goes on to answer.
    proxy.strand(1);
    const reads = [rig.redis.get('k:1'), rig.redis.get('k:1')];
    expect(await Promise.all(reads)).toEqual(['old', 'old']);
    expect(rig.row(proxy)?.state).toBe('armed');
    expect(rig.changes.at(-1)).toMatchObject({ answers: false, reason: 'connection' });
    expect(await rig.redis.get('k:1')).toBe('old');
    proxy.cut();
    await rig.answering(2);
  });
});

test.each(MAJORS)('a half-open connection that discovery made is replaced (v%i)', async (major) => {
  const [replica] = bed.replicas;
  if (replica === undefined) throw new Error('No replica.');
  const proxy = await TcpProxy.start(replica.port);
  await replica.command('CONFIG', 'SET', 'replica-announce-port', `${proxy.port}`);
  bed.link(replica).cut();
  try {
    await until(
      async () =>
        String(await bed.primary.command('INFO', 'replication')).includes(`port=${proxy.port},state=online`),
      10_000,
    );
    await using rig = await ReplicaRig.start(bed, {
      major,
      fit: 2,
      routing: { reads: 'replicas', maxLag: 300 },
    });
    const keys = Array.from({ length: 20 }, (_, at) => `k:${at}`);
    for (const key of keys) await rig.redis.set(key, 'old');
    await bed.caughtUp();
    await until(() => [proxy, bed.replicas[1] ?? proxy].every((each) => (rig.row(each)?.lag ?? 999) < 100));
    await until(async () => {
      rig.redis.near.clear();
      await Promise.all(keys.map((key) => rig.redis.get(key)));
      return (rig.row(proxy)?.replicaReads ?? 0) > 0;
    });
    proxy.strand(1);
    rig.redis.near.clear();
    expect(new Set(await Promise.all(keys.map((key) => rig.redis.get(key))))).toEqual(new Set(['old']));
    await rig.answering(2);
    const before = rig.row(proxy)?.replicaReads ?? 0;
    await until(async () => {
      rig.redis.near.clear();
      await Promise.all(keys.map((key) => rig.redis.get(key)));
      return (rig.row(proxy)?.replicaReads ?? 0) > before;
    });
  } finally {
    await replica.command('CONFIG', 'SET', 'replica-announce-port', '0');
    bed.link(replica).cut();
    await bed.linked();
    await proxy.stop();
  }
});

test('a replica that is frozen costs readers a moment, and answers when it is thawed', async () => {
  await using rig = await ReplicaRig.start(bed, {
    maxStaleness: 600,
    routing: { reads: 'replicas', maxLag: 200 },
  });
  const home = await rig.home('k:1');
  rig.redis.near.clear();
  home.freeze();
  try {
    expect(await rig.redis.get('k:1')).toBe('home');
  } finally {
    home.thaw();
  }
  await rig.answering(2);
});
