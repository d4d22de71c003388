// Credentials providers of node-redis v5 and v6: the tracking connection asks them with every connection, follows a stream of
// them while it lives, and lets go of it when it ends.

import { afterEach, describe, expect, test } from 'vitest';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { SentinelBed } from '../../support/beds/sentinel-bed.js';
import type { Client, Near } from '../../support/client.js';
import { byName, discard, KINDS, wrap } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { cluster, sentinel, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { AsyncProvider, StreamingProvider } from './provider-rig.js';

const LATER = KINDS.filter(({ major }) => major > 4);
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function useServer(): Promise<RedisServer> {
  const server = await RedisServer.start();
  closers.push(() => server.stop());
  for (const user of ['first', 'second', 'third'])
    await server.command('ACL', 'SETUSER', user, 'on', `>of ${user}`, '~*', '&*', '+@all');
  return server;
}

function near(raw: Client, options: Partial<Parameters<typeof wrap>[1]> = {}): Near {
  const redis = wrap(raw, { prefixes: ['k:'], heartbeat: 20, ...options });
  closers.push(async () => {
    redis.near.close();
    await discard(raw).catch(() => {});
  });
  return redis;
}

interface Row {
  readonly id: string;
  readonly user: string;
}

/** The tracking connections, as a server sees them. */
async function trackers(server: RedisServer): Promise<Row[]> {
  const rows = String(await server.command('CLIENT', 'LIST')).split('\n');
  return rows
    .filter((row) => row.includes(':tracking '))
    .map((row) => ({ id: /^id=(\d+)/.exec(row)?.[1] ?? '', user: / user=(\S+)/.exec(row)?.[1] ?? '' }));
}

async function trackedAs(server: RedisServer, user: string): Promise<void> {
  const isSo = async (): Promise<boolean> => {
    const rows = await trackers(server);
    return rows.length === 1 && rows[0]?.user === user;
  };
  await until(isSo, 10_000, `a tracking connection of ${user}`);
}

/** Ends the tracking connection, and waits for the next session. */
async function interrupt(redis: Near, server: RedisServer): Promise<void> {
  const before = redis.near.stats().tracking[0]?.reconnects ?? 0;
  for (const { id } of await trackers(server)) await server.command('CLIENT', 'KILL', 'ID', id);
  await until(() => (redis.near.stats().tracking[0]?.reconnects ?? 0) > before, 10_000, 'a reconnect');
}

async function expectInvalidations(redis: Near, server: RedisServer): Promise<void> {
  await server.command('SET', 'k:1', 'old');
  await until(async () => (await redis.get('k:1')) === 'old' && redis.near.peek('k:1') === 'old');
  await server.command('SET', 'k:1', 'new');
  await until(() => redis.near.peek('k:1') !== 'old');
}

describe.each(byName(LATER))('%s, an async provider', (_, kind) => {
  test('is asked again at each reconnect of the tracking connection', async () => {
    const server = await useServer();
    const provider = new AsyncProvider('first');
    const redis = near(kind.create(server.url, { credentialsProvider: provider }));
    await redis.connect();
    await redis.near.ready();
    await trackedAs(server, 'first');
    for (const user of ['second', 'third', 'first']) {
      const { asked } = provider;
      provider.user = user;
      await interrupt(redis, server);
      await trackedAs(server, user);
      expect(provider.asked).toBe(asked + 1);
      await expectInvalidations(redis, server);
    }
  });
});

describe.each(byName(LATER))('%s, a streaming provider', (_, kind) => {
  test('logs both connections in anew without interrupting the session', async () => {
    const server = await useServer();
    const provider = new StreamingProvider('first');
    const redis = near(kind.create(server.url, { credentialsProvider: provider }));
    await redis.connect();
    await redis.near.ready();
    await trackedAs(server, 'first');
    await expectInvalidations(redis, server);
    await redis.get('k:1');
    const { flushes, tracking } = redis.near.stats();
    for (const user of ['second', 'third']) {
      provider.give(user);
      await trackedAs(server, user);
      const others = String(await server.command('CLIENT', 'LIST'));
      await until(async () => !others.includes(' user=first '));
    }
    expect(redis.near.stats().flushes).toBe(flushes);
    expect(redis.near.stats().tracking[0]?.epoch).toBe(tracking[0]?.epoch);
    // Whom they logged in as before may go.
    await server.command('ACL', 'DELUSER', 'first', 'second');
    await expectInvalidations(redis, server);
    expect(redis.near.stats().tracking[0]?.reconnects).toBe(0);
    expect(provider.failures).toEqual([]);
  });

  test('is let go of with each connection', async () => {
    const server = await useServer();
    const provider = new StreamingProvider('first');
    const raw = kind.create(server.url, { credentialsProvider: provider });
    const redis = near(raw);
    await redis.connect();
    await redis.near.ready();
    const { live } = provider;
    for (let times = 0; times < 3; times++) await interrupt(redis, server);
    expect(provider.live).toBe(live);
    expect(provider.subscribed).toBeGreaterThanOrEqual(live + 3);
    redis.near.close();
    expect(provider.live).toBe(live - 1);
    await discard(raw);
    expect(provider.live).toBe(0);
  });
});

describe('a streaming provider', () => {
  test('that is slow to answer is let go of when the connection has ended meanwhile', async () => {
    const server = await useServer();
    const provider = new StreamingProvider('first');
    const redis = near(single(6, server.url, { credentialsProvider: provider }), {
      tracking: { socket: { connectTimeout: 80 } },
    });
    await redis.connect();
    await redis.near.ready();
    const errors: string[] = [];
    redis.near.on('error', ({ code }) => errors.push(code));
    provider.isSlow = true;
    for (const { id } of await trackers(server)) await server.command('CLIENT', 'KILL', 'ID', id);
    await until(() => errors.length >= 3, 10_000, 'the loss, and two attempts that time out');
    provider.isSlow = false;
    await redis.near.ready();
    await until(() => provider.live === 2, 10_000, 'the late ones to be let go of');
    expect(provider.subscribed).toBeGreaterThanOrEqual(5);
  });

  test('whose next credentials are wrong is told so, and the session goes on', async () => {
    const server = await useServer();
    const provider = new StreamingProvider('first');
    const redis = near(single(6, server.url, { credentialsProvider: provider }), {
      heartbeat: 2_000,
      maxStaleness: 10_000,
    });
    await redis.connect();
    await redis.near.ready();
    // A session begins with a heartbeat; once that is answered, nothing is on its way.
    const rtt = (): number | null | undefined => redis.near.stats().tracking[0]?.rtt;
    const first = rtt();
    await until(() => rtt() !== first);
    provider.give('nobody');
    await until(() => provider.failures.length === 2);
    expect(provider.failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('WRONGPASS'),
      expect.stringContaining('WRONGPASS'),
    ]);
    await trackedAs(server, 'first');
    await expectInvalidations(redis, server);
  });

  // Redis 8.0 and Valkey 8.1 leave a wrong AUTH without a reply when one to an earlier command of the same turn is still to be
  // written: all later replies are one off.
  test('whose next credentials are wrong, behind a heartbeat: what is no PONG proves nothing', async () => {
    const server = await useServer();
    const provider = new StreamingProvider('first');
    const redis = near(single(6, server.url, { credentialsProvider: provider }), { maxStaleness: 600 });
    const codes: string[] = [];
    redis.near.on('error', ({ code }) => codes.push(code));
    await redis.connect();
    await redis.near.ready();
    // A session begins with a heartbeat, which is on its way now.
    provider.give('nobody');
    await until(
      () => provider.failures.length === 2 || codes.includes('ERR_NEAR_TRACKING_DENIED'),
      10_000,
      'the failure to be told, or found at the next login',
    );
    const isAnswered = provider.failures.length === 2;
    expect(redis.near.state).toBe(isAnswered ? 'serving' : 'bypass');
    expect(codes).toEqual(isAnswered ? [] : ['ERR_NEAR_TRACKING_LOST', 'ERR_NEAR_TRACKING_DENIED']);
    await server.command('SET', 'k:1', 'value');
    await until(async () => (await redis.get('k:1')) === 'value');
  });
});

describe('a provider beside what is written down', () => {
  test('goes before it, as in node-redis', async () => {
    const server = await useServer();
    const options = {
      username: 'second',
      password: 'of nobody',
      credentialsProvider: new AsyncProvider('first'),
    };
    const redis = near(single(6, server.url, options));
    await redis.connect();
    await redis.near.ready();
    await trackedAs(server, 'first');
  });

  test('is not asked where the option tracking names a user', async () => {
    const server = await useServer();
    const provider = new AsyncProvider('first');
    const redis = near(single(6, server.url, { credentialsProvider: provider }), {
      tracking: { username: 'second', password: 'of second' },
    });
    await redis.connect();
    await redis.near.ready();
    await trackedAs(server, 'second');
    expect(provider.asked).toBe(1);
  });

  test('may name a user without a password', async () => {
    const server = await useServer();
    await server.command('ACL', 'SETUSER', 'open', 'on', 'nopass', '~*', '+@all');
    const provider = new AsyncProvider('open', () => undefined);
    const redis = near(single(5, server.url, { credentialsProvider: provider }));
    await redis.connect();
    await redis.near.ready();
    await trackedAs(server, 'open');
  });
});

describe.each([5, 6] as const)('every node asks the provider (v%i):', (major) => {
  const users = async (servers: readonly RedisServer[]): Promise<void> => {
    for (const server of servers)
      await server.command('ACL', 'SETUSER', 'first', 'on', '>of first', '~*', '&*', '+@all');
  };

  test('a primary and its replica', async () => {
    const bed = await ReplicatedBed.start({ replicas: 1 });
    closers.push(() => bed.stop());
    await users(bed.nodes);
    const credentialsProvider = new StreamingProvider('first');
    const redis = near(single(major, bed.primary.url, { credentialsProvider }), {
      routing: { reads: 'replicas' },
    });
    await redis.connect();
    for (const server of bed.nodes) await trackedAs(server, 'first');
  });

  test('a cluster', async () => {
    const bed = await ClusterBed.start({ shards: 2, replicasPerShard: 0 });
    closers.push(() => bed.stop());
    const servers = bed.nodes.map(({ server }) => server);
    await users(servers);
    const redis = near(
      cluster(major, bed, { defaults: { credentialsProvider: new AsyncProvider('first') } }),
    );
    await redis.connect();
    for (const server of servers) await trackedAs(server, 'first');
  });

  test('a primary behind sentinels', async () => {
    const bed = await SentinelBed.start({ replicas: 1 });
    closers.push(() => bed.stop());
    await users(bed.nodes);
    const nodeClientOptions = { credentialsProvider: new AsyncProvider('first') };
    const redis = near(sentinel(major, bed, { nodeClientOptions }));
    await redis.connect();
    await trackedAs(await bed.primary(), 'first');
  });
});
