// TLS with client certificates: what opens the data client's connections opens the tracking connections, at every node.
// The servers are started with `tls-auth-clients yes`.

import { createPrivateKey } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { SentinelBed } from '../../support/beds/sentinel-bed.js';
import type { Client, Near } from '../../support/client.js';
import { byName, discard, KINDS, wrap } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { cluster, type Major, sentinel, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { announce, CLIENT_TLS, expectCaching, mapped, pem, speakTls, TLS_SERVER } from './tls-rig.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function near(raw: Client, options: Partial<Parameters<typeof wrap>[1]> = {}): Near {
  const redis = wrap(raw, { prefixes: ['k:'], heartbeat: 50, ...options });
  closers.push(async () => {
    redis.near.close();
    await discard(raw).catch(() => {});
  });
  return redis;
}

async function useServer(): Promise<{ server: RedisServer; url: string }> {
  const server = await RedisServer.start(...TLS_SERVER);
  closers.push(() => server.stop());
  return { server, url: `rediss://localhost:${await speakTls(server)}` };
}

async function ports(servers: readonly RedisServer[]): Promise<ReadonlyMap<RedisServer, number>> {
  const found = new Map<RedisServer, number>();
  for (const server of servers) found.set(server, await speakTls(server));
  return found;
}

describe('one server', () => {
  test.each(byName(KINDS))('%s: both connections show the certificate', async (_, kind) => {
    const { server, url } = await useServer();
    const redis = near(kind.create(url, { socket: { ...CLIENT_TLS } }));
    await redis.connect();
    await redis.near.ready();
    await expectCaching(redis, (key, value) => server.command('SET', key, value));
  });

  test('who shows none is refused on both, and nothing of the key is told', async () => {
    const { url } = await useServer();
    const { cert: _cert, key: _key, ...bare } = CLIENT_TLS;
    const secure = single(6, url, { socket: { ...CLIENT_TLS } });
    const redis = near(secure, {
      tracking: { socket: { cert: undefined, key: undefined }, reconnectStrategy: false },
    });
    await redis.connect();
    await expect(redis.near.ready()).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_LOST' });
    expect(await redis.get('k:1')).toBeNull();
    const without = single(6, url, { socket: { ...bare, reconnectStrategy: false } });
    await expect(without.connect().then(() => without.ping())).rejects.toThrow();
  });

  test('a server that another authority vouches for is not believed', async () => {
    const { url } = await useServer();
    const redis = near(single(6, url, { socket: { ...CLIENT_TLS } }), {
      tracking: { socket: { ca: [] }, reconnectStrategy: false },
    });
    await redis.connect();
    const error = await redis.near.ready().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'ERR_NEAR_TRACKING_LOST',
      cause: expect.objectContaining({ code: expect.stringMatching(/UNABLE_TO|SELF_SIGNED/) }),
    });
  });

  test('a certificate of its own and a key with a passphrase, for the tracking connection alone', async () => {
    const { server, url } = await useServer();
    const passphrase = 'of the key';
    const key = createPrivateKey(pem('client-key')).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase,
    });
    const redis = near(single(5, url, { socket: { ...CLIENT_TLS } }), {
      tracking: { socket: { cert: pem('client'), key, passphrase } },
    });
    await redis.connect();
    await redis.near.ready();
    await expectCaching(redis, (k, value) => server.command('SET', k, value));
  });
});

describe('several servers', () => {
  test.each([4, 5, 6] as const)('replicas that are discovered (v%i)', async (major) => {
    const bed = await ReplicatedBed.start({ replicas: 1, args: TLS_SERVER });
    closers.push(() => bed.stop());
    const tls = await ports(bed.nodes);
    const [replica] = bed.replicas;
    if (replica === undefined) throw new Error('A replica is needed.');
    await announce(bed, replica, tls.get(replica) ?? 0);
    const redis = near(
      single(major, `rediss://localhost:${tls.get(bed.primary)}`, { socket: { ...CLIENT_TLS } }),
      {
        routing: { reads: 'replicas' },
      },
    );
    await redis.connect();
    await expectNodes(redis, tls, ['primary', 'replica']);
    await expectReadsAtReplica(redis);
    await expectCaching(redis, (key, value) => bed.primary.command('SET', key, value));
  });

  test.each([4, 5, 6] as const)('every primary of a cluster, and its replicas (v%i)', async (major) => {
    const bed = await ClusterBed.start({ shards: 2, replicasPerShard: 1, args: TLS_SERVER });
    closers.push(() => bed.stop());
    const tls = await ports(bed.nodes.map(({ server }) => server));
    for (const { server } of bed.nodes) {
      await server.command('CONFIG', 'SET', 'replica-announce-port', `${tls.get(server)}`);
      await server.command('CONFIG', 'SET', 'replica-announce-ip', 'localhost');
    }
    // Replicas say where they are reached when they attach themselves.
    for (const { server } of bed.nodes) await server.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await knowTheirPorts(tls);
    await bed.settled();
    const redis = near(clusterOf(major, bed, tls), { routing: { reads: 'replicas' } });
    await redis.connect();
    await expectNodes(redis, tls, ['primary', 'primary', 'replica', 'replica']);
    await expectReadsAtReplica(redis);
    const outsider = cluster(5, bed);
    closers.push(() => discard(outsider));
    await outsider.connect();
    await expectCaching(redis, (key, value) => outsider.set(key, value));
  });

  test.each([5, 6] as const)('the primary that sentinels name (v%i)', async (major) => {
    const bed = await SentinelBed.start({ replicas: 1, args: TLS_SERVER });
    closers.push(() => bed.stop());
    const tls = await ports(bed.nodes);
    const redis = near(
      sentinel(major, bed, {
        nodeClientOptions: { socket: { ...CLIENT_TLS } },
        nodeAddressMap: mapped(tls),
      }),
    );
    await redis.connect();
    await redis.near.ready();
    const primary = await bed.primary();
    expect(redis.near.stats().tracking.map(({ node }) => node)).toEqual([`localhost:${tls.get(primary)}`]);
    await expectCaching(redis, (key, value) => primary.command('SET', key, value));
  });
});

function clusterOf(major: Major, bed: ClusterBed, tls: ReadonlyMap<RedisServer, number>): Client {
  return cluster(major, bed, {
    rootNodes: Array.from(tls.values(), (port) => ({ url: `rediss://localhost:${port}` })),
    defaults: { socket: { ...CLIENT_TLS } },
    nodeAddressMap: mapped(tls),
  });
}

/** Nodes hear of each other's TLS ports by gossip; some call it 0 before. Older ones tell the plain port, also over TLS. */
async function knowTheirPorts(tls: ReadonlyMap<RedisServer, number>): Promise<void> {
  for (const port of tls.values()) {
    const client = single(5, `rediss://localhost:${port}`, { socket: { ...CLIENT_TLS } });
    await client.connect();
    const known = async () =>
      portsIn(await client.sendCommand(['CLUSTER', 'SLOTS'])).every((each) => each > 0);
    await until(known, 15_000, 'nodes to know where the others speak TLS');
    await discard(client);
  }
}

/** Each entry of CLUSTER SLOTS is two slots and nodes, each of these an address, a port and more. */
function portsIn(slots: unknown): number[] {
  const nodes = (slots as unknown[][]).flatMap((row) => row.slice(2) as unknown[][]);
  return nodes.map(([, port]) => Number(port));
}

/** Sessions in these roles, each at a port that only TLS opens. */
async function expectNodes(
  redis: Near,
  tls: ReadonlyMap<RedisServer, number>,
  roles: readonly string[],
): Promise<void> {
  const rows = () => redis.near.stats().tracking.filter(({ state }) => state === 'armed');
  const armed = (): string =>
    rows()
      .map(({ role }) => role)
      .sort()
      .join();
  await until(() => armed() === roles.join(), 15_000, `sessions at ${roles.join()}`);
  const secured = [...tls.values()].map((port) => `localhost:${port}`);
  expect(secured).toEqual(expect.arrayContaining(rows().map(({ node }) => node)));
}

async function expectReadsAtReplica(redis: Near): Promise<void> {
  const reads = (): number =>
    redis.near.stats().tracking.reduce((sum, { replicaReads }) => sum + replicaReads, 0);
  let at = 0;
  await until(
    async () => {
      await redis.get(`k:at-replica:${at++}`);
      return reads() > 0;
    },
    10_000,
    'a replica to answer',
  );
}
