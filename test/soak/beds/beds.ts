// The four beds of a soak.

import type { NearCacheOptions } from 'redis-near-cache';
import { ClusterBed } from '../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../support/beds/replicated-bed.js';
import { SentinelBed } from '../support/beds/sentinel-bed.js';
import type { Client } from '../support/client.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { cluster, sentinel, single } from '../support/topologies.js';
import { faultsOf, faultsOfNetwork, lossesOf } from './server-faults.js';
import { type BedName, BLOCKED, type Fault, lasting, type SoakBed } from './soak-bed.js';

export const BEDS: Readonly<Record<BedName, () => Promise<SoakBed>>> = {
  single: singleBed,
  replicas: replicasBed,
  cluster: clusterBed,
  sentinel: sentinelBed,
};

const SOME = <T>(items: readonly T[], random: () => number): T => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('There is none to choose from.');
  return item;
};

/** A near cache whose data and tracking connections pass through proxies of their own. */
interface Proxied {
  readonly data: TcpProxy;
  readonly tracking: TcpProxy;
  readonly client: Client;
  readonly options: Partial<NearCacheOptions>;
}

async function proxied(
  major: 4 | 5 | 6,
  port: number,
  options: Partial<NearCacheOptions> = {},
): Promise<Proxied> {
  const data = await TcpProxy.start(port);
  const tracking = await TcpProxy.start(port);
  return {
    data,
    tracking,
    client: single(major, data.url),
    options: { tracking: { socket: { host: '127.0.0.1', port: tracking.port } }, ...options },
  };
}

async function singleBed(): Promise<SoakBed> {
  const server = await RedisServer.start();
  const readers = await Promise.all(([4, 5, 6] as const).map((major) => proxied(major, server.port)));
  const restart: Fault = {
    name: 'killed, restarted empty',
    losesWrites: true,
    strike: async (random) => {
      await server.kill();
      await lasting(random, 100, 600);
      await server.launch();
    },
  };
  return {
    readers,
    bare: () => single(6, server.url, { commandOptions: { timeout: undefined } }),
    faults: [
      BLOCKED,
      restart,
      ...faultsOf(() => server, 2_000),
      ...lossesOf(() => server),
      ...faultsOfNetwork(
        'tracking',
        readers.map(({ tracking }) => tracking),
      ),
      ...faultsOfNetwork(
        'data',
        readers.map(({ data }) => data),
      ),
    ],
    healed: async () => {
      for (const { data, tracking } of readers) for (const proxy of [data, tracking]) proxy.heal();
    },
    stop: async () => {
      await server.stop();
      await Promise.all(readers.flatMap(({ data, tracking }) => [data.stop(), tracking.stop()]));
    },
  };
}

async function replicasBed(): Promise<SoakBed> {
  const bed = await ReplicatedBed.start();
  const { primary, replicas } = bed;
  const routing = { reads: 'replicas', maxLag: 300 } as const;
  const readers = await Promise.all(
    ([4, 5, 6] as const).map((major) => proxied(major, primary.port, { routing })),
  );
  const ofLink = (name: string, from: number, to: number, make: (link: TcpProxy) => void): Fault => ({
    name: `replication: ${name}`,
    strike: async (random) => {
      const link = bed.link(SOME(replicas, random));
      make(link);
      await lasting(random, from, to);
      link.release('down');
      link.heal();
    },
  });
  const restart: Fault = {
    name: 'replica killed and restarted',
    strike: async (random) => {
      const replica = SOME(replicas, random);
      await replica.kill();
      await lasting(random, 100, 600);
      await bed.rejoin(replica);
    },
  };
  return {
    readers,
    bare: () => single(6, primary.url, { commandOptions: { timeout: undefined } }),
    faults: [
      BLOCKED,
      restart,
      ofLink('stalled', 50, 2_000, (link) => link.hold('down')),
      ofLink('broken', 100, 1_500, (link) => link.refuse()),
      ofLink('jitter', 300, 1_500, (link) => link.delay(() => Math.random() * 80)),
      ...faultsOf((random) => SOME(bed.nodes, random), 2_000),
      ...lossesOf(() => primary),
      ...faultsOfNetwork(
        'tracking',
        readers.map(({ tracking }) => tracking),
      ),
      ...faultsOfNetwork(
        'data',
        readers.map(({ data }) => data),
      ),
    ],
    healed: async () => {
      for (const { data, tracking } of readers) for (const proxy of [data, tracking]) proxy.heal();
      await bed.linked();
      await bed.caughtUp();
    },
    stop: async () => {
      await bed.stop();
      await Promise.all(readers.flatMap(({ data, tracking }) => [data.stop(), tracking.stop()]));
    },
  };
}

async function clusterBed(): Promise<SoakBed> {
  const bed = await ClusterBed.start({ nodeTimeout: 1_000 });
  const some = async (random: () => number) => SOME(await bed.primaries(), random);
  const faults: Fault[] = [
    BLOCKED,
    {
      name: 'primary killed, replica takes over',
      losesWrites: true,
      strike: async (random) => {
        const primary = await some(random);
        await bed.kill(primary);
        await primary.server.launch();
        await bed.settled();
      },
    },
    {
      name: 'primary frozen, replica takes over',
      losesWrites: true,
      strike: async (random) => {
        const { server } = await some(random);
        server.freeze();
        await lasting(random, 3_000, 5_000);
        server.thaw();
        await bed.settled();
      },
    },
    {
      name: 'failover by hand',
      strike: async (random) => {
        const [replica] = await bed.replicasOf(await some(random));
        if (replica !== undefined) await bed.failover(replica);
      },
    },
    {
      name: 'slots move',
      strike: async (random) => {
        for (let moved = 0; moved < 3; moved++) {
          const slot = Math.floor(random() * 16_384);
          const owner = await bed.ownerOf(slot);
          const others = (await bed.primaries()).filter(({ id }) => id !== owner.id);
          await bed.moveSlot(slot, SOME(others, random));
        }
      },
    },
    ...faultsOf(async (random) => (await some(random)).server, 600),
    ...lossesOf(async (random) => (await some(random)).server),
  ];
  return {
    readers: ([4, 5, 6] as const).map((major) => ({
      client: cluster(major, bed),
      options: major === 5 ? { routing: { reads: 'replicas' as const, maxLag: 300 } } : {},
    })),
    bare: () => cluster(6, bed),
    faults,
    healed: () => bed.settled(),
    stop: () => bed.stop(),
  };
}

async function sentinelBed(): Promise<SoakBed> {
  const bed = await SentinelBed.start();
  const faults: Fault[] = [
    BLOCKED,
    {
      name: 'failover by command',
      losesWrites: true,
      strike: async () => {
        await bed.failover();
        await bed.settled();
      },
    },
    {
      name: 'primary killed, replica takes over',
      losesWrites: true,
      strike: async () => {
        const primary = await bed.primary();
        await bed.killPrimary();
        await primary.launch();
        await bed.settled();
      },
    },
    ...faultsOf(() => bed.primary(), 400).filter(({ name }) => name !== 'password set'),
    ...lossesOf(() => bed.primary()),
  ];
  return {
    readers: ([5, 6] as const).map((major) => ({
      client: sentinel(major, bed),
      options: major === 5 ? { routing: { reads: 'replicas' as const, maxLag: 300 } } : {},
    })),
    bare: () => sentinel(6, bed),
    faults,
    healed: () => bed.settled(),
    stop: () => bed.stop(),
  };
}
