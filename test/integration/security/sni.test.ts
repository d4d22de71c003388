// SNI: the server name that each connection asks for, as a front sees it that ends TLS and demands a client certificate.
// Behind a front that leads by name, a connection that asks for the wrong one listens to the wrong server.

import { afterEach, expect, test } from 'vitest';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { SentinelBed } from '../../support/beds/sentinel-bed.js';
import type { Client, Near } from '../../support/client.js';
import { byName, discard, KINDS, wrap } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { cluster, sentinel, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { announce, CLIENT_NAME, CLIENT_TLS, mapped, TlsFront } from './tls-rig.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Options = Partial<Parameters<typeof wrap>[1]>;

function near(raw: Client, options: Options = {}): Near {
  const redis = wrap(raw, { prefixes: ['k:'], heartbeat: 50, ...options });
  closers.push(async () => {
    redis.near.close();
    await discard(raw).catch(() => {});
  });
  return redis;
}

async function front(server: RedisServer): Promise<TlsFront> {
  const made = await TlsFront.start(server.port);
  closers.push(() => made.stop());
  return made;
}

async function useServer(): Promise<RedisServer> {
  const server = await RedisServer.start();
  closers.push(() => server.stop());
  return server;
}

/** Which names the two sorts of connections asked for; all of them showed the certificate. */
async function expectNames(
  at: TlsFront,
  server: RedisServer,
  expected: { data: (string | undefined)[]; tracking: (string | undefined)[] },
): Promise<void> {
  const names = async () => {
    const seen = await at.seen(server);
    const of = (isTracking: boolean) => [
      ...new Set(
        seen
          .filter(({ name }) => (name?.endsWith(':tracking') ?? false) === isTracking)
          .map(({ servername }) => servername),
      ),
    ];
    return { data: of(false), tracking: of(true) };
  };
  await until(async () => (await names()).tracking.length > 0, 10_000, 'a tracking connection');
  expect(await names()).toEqual(expected);
  for (const { client } of await at.seen(server)) expect(client).toBe(CLIENT_NAME);
}

const NAMED = { ...CLIENT_TLS, servername: 'shop.near.test' } as const;
const SHOP = { data: ['shop.near.test'], tracking: ['shop.near.test'] };

test.each(byName(KINDS))('%s: the `servername` of the client, on both connections', async (_, kind) => {
  const server = await useServer();
  const at = await front(server);
  const redis = near(kind.create(`rediss://localhost:${at.port}`, { socket: { ...NAMED } }));
  await redis.connect();
  await redis.near.ready();
  await expectNames(at, server, SHOP);
});

test.each(byName(KINDS))(
  '%s: without one, node-redis asks for none, and so does tracking',
  async (_, kind) => {
    const server = await useServer();
    const at = await front(server);
    const redis = near(kind.create(`rediss://localhost:${at.port}`, { socket: { ...CLIENT_TLS } }));
    await redis.connect();
    await redis.near.ready();
    await expectNames(at, server, { data: [undefined], tracking: [undefined] });
  },
);

type Tracking = NonNullable<Options['tracking']>;
const own: [what: string, name: string, tracking: (port: number) => Tracking][] = [
  ['tracking.socket.servername', 'ears.near.test', () => ({ socket: { servername: 'ears.near.test' } })],
  [
    'tracking.socket.servername beside a url',
    'ears.near.test',
    (port) => ({ url: `rediss://127.0.0.1:${port}`, socket: { servername: 'ears.near.test' } }),
  ],
  [
    "a url, which keeps the client's name",
    'shop.near.test',
    (port) => ({ url: `rediss://127.0.0.1:${port}` }),
  ],
];
test.each(own)('%s: the tracking connection asks for %s', async (_, name, tracking) => {
  const server = await useServer();
  const at = await front(server);
  const raw = single(4, `rediss://localhost:${at.port}`, { socket: { ...NAMED } });
  const redis = near(raw, { tracking: tracking(at.port) });
  await redis.connect();
  await redis.near.ready();
  await expectNames(at, server, { data: ['shop.near.test'], tracking: [name] });
});

test.each([4, 5, 6] as const)('replicas that are discovered (v%i)', async (major) => {
  const bed = await ReplicatedBed.start({ replicas: 1 });
  closers.push(() => bed.stop());
  const [replica] = bed.replicas;
  if (replica === undefined) throw new Error('A replica is needed.');
  const fronts = { primary: await front(bed.primary), replica: await front(replica) };
  await announce(bed, replica, fronts.replica.port);
  const raw = single(major, `rediss://localhost:${fronts.primary.port}`, { socket: { ...NAMED } });
  const redis = near(raw, { routing: { reads: 'replicas' } });
  await redis.connect();
  await expectNames(fronts.primary, bed.primary, SHOP);
  await expectNames(fronts.replica, replica, SHOP);
});

test.each([4, 5, 6] as const)('every node of a cluster (v%i)', async (major) => {
  const bed = await ClusterBed.start({ shards: 2, replicasPerShard: 0 });
  closers.push(() => bed.stop());
  const ports = new Map<RedisServer, number>();
  const fronts = await Promise.all(
    bed.nodes.map(async ({ server }) => {
      const at = await front(server);
      ports.set(server, at.port);
      return { server, at };
    }),
  );
  const redis = near(
    cluster(major, bed, {
      defaults: { socket: { ...NAMED } },
      rootNodes: [...ports.values()].map((port) => ({ url: `rediss://localhost:${port}` })),
      nodeAddressMap: mapped(ports),
    }),
  );
  await redis.connect();
  for (const { server, at } of fronts) await expectNames(at, server, SHOP);
});

test.each([5, 6] as const)('the primary that sentinels name (v%i)', async (major) => {
  const bed = await SentinelBed.start({ replicas: 1 });
  closers.push(() => bed.stop());
  const primary = await bed.primary();
  const at = await front(primary);
  const redis = near(
    sentinel(major, bed, {
      nodeClientOptions: { socket: { ...NAMED } },
      nodeAddressMap: mapped(new Map([[primary, at.port]])),
    }),
  );
  await redis.connect();
  await redis.near.ready();
  await expectNames(at, primary, SHOP);
});
