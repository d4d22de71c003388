// A cluster of three shards; the readers reach every node through a proxy.

import { hashSlot } from 'redis-near-cache';
import { ClusterBed, type ClusterNode } from '../../support/beds/cluster-bed.js';
import { slotsOf, viewOf } from '../../support/beds/cluster-view.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { cluster } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { freezePrimary, killPrimary, type Shard } from '../faults/failovers.js';
import { lossesOf } from '../faults/losses.js';
import { faultsOfNetwork } from '../faults/network-faults.js';
import { faultsOf } from '../faults/server-faults.js';
import { type Fault, lasting, pause, type SoakBed, some } from '../soak-bed.js';

import { addressesBehind } from './proxied.js';

const NODE_TIMEOUT = 1_000;

export async function clusterBed(): Promise<SoakBed> {
  const bed = await ClusterBed.start({ nodeTimeout: NODE_TIMEOUT });
  const proxies = await Promise.all(bed.nodes.map(({ server }) => TcpProxy.start(server.port)));
  const servers = bed.nodes.map(({ server }) => server);
  const nodeAddressMap = addressesBehind(servers, proxies);
  const reader = (major: 4 | 5 | 6, options: SoakBed['readers'][number]['options']) => ({
    name: `v${major} cluster, ${options.routing?.reads ?? 'primary'}`,
    // v4 needs settings of the socket: without them a connection that is lost after slots have moved never comes back.
    client: cluster(major, bed, { nodeAddressMap, defaults: { socket: { connectTimeout: 5_000 } } }),
    options,
  });
  const somePrimary = async (random: () => number) => some(await bed.primaries(), random);
  const someNode = (random: () => number) => some(bed.nodes, random);
  const victim = async (random: () => number) => {
    const { primary, scope } = await shardOf(bed, await somePrimary(random));
    return { server: primary, scope };
  };
  return {
    readers: [
      reader(4, {}),
      reader(5, { routing: { reads: 'replicas', maxLag: 300 } }),
      reader(6, { routing: { reads: 'nearest', maxLag: 300 }, maxEntries: 30 }),
    ],
    bare: () => cluster(6, bed),
    faults: [
      ...faultsOf(async (random) => someNode(random).server, {
        maxFreeze: 0.6 * NODE_TIMEOUT,
        rights: ['client|tracking', 'cluster|info'],
        isFollowed: true,
        isRefusal: true,
      }),
      ...failoversOf(bed, somePrimary),
      ...slotMovesOf(bed),
      ...lossesOf(victim),
      ...faultsOfNetwork('all nodes', proxies),
    ],
    servers,
    everywhere: inEveryThird('k:probe'),
    portOf: async (key) => (await bed.ownerOf(hashSlot(key))).server.port,
    healed: async () => {
      for (const proxy of proxies) proxy.heal();
      await bed.settled();
    },
    stop: async () => {
      await bed.stop();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    },
  };
}

async function shardOf(bed: ClusterBed, primary: ClusterNode): Promise<Shard> {
  const view = (await viewOf(primary.server)).find(({ id }) => id === primary.id);
  const slots = new Set(view === undefined ? [] : slotsOf(view));
  const replicas = (await bed.replicasOf(primary)).map(({ server }) => server);
  return { primary: primary.server, replicas, scope: (key) => slots.has(hashSlot(key)) };
}

function failoversOf(bed: ClusterBed, somePrimary: (random: () => number) => Promise<ClusterNode>): Fault[] {
  const tookOver = (primary: ClusterNode) => async (): Promise<void> => {
    const leads = async () => (await bed.primaries()).every(({ id }) => id !== primary.id);
    await until(() => leads().catch(() => false), 30_000, `${primary.server.url} to be replaced`);
    await bed.settled();
  };
  return [
    {
      name: 'primary killed, replica takes over',
      strike: async (random, history) => {
        const primary = await somePrimary(random);
        await killPrimary(await shardOf(bed, primary), history, tookOver(primary), () => bed.settled());
      },
    },
    {
      name: 'primary frozen, replica takes over',
      strike: async (random, history) => {
        const primary = await somePrimary(random);
        await freezePrimary(await shardOf(bed, primary), history, random, tookOver(primary), () =>
          bed.settled(),
        );
      },
    },
    {
      name: 'primary killed, restarted before anybody takes over',
      strike: async (random, history) => {
        const { primary, scope } = await shardOf(bed, await somePrimary(random));
        // On a busy machine the replica may be quicker: then nothing is lost.
        const over = history.mayLose(scope, Number.NEGATIVE_INFINITY);
        await primary.kill();
        await primary.launch();
        await bed.settled();
        over();
      },
    },
    {
      name: 'replica killed, restarted',
      strike: async (random) => {
        const [replica] = await bed.replicasOf(await somePrimary(random));
        await replica?.server.kill();
        await lasting(random, 50, 2_500);
        await replica?.server.launch();
        await bed.settled();
      },
    },
    {
      name: 'failover by hand',
      strike: async (random) => {
        const [replica] = await bed.replicasOf(await somePrimary(random));
        if (replica !== undefined) await bed.failover(replica);
      },
    },
  ];
}

/** Slots that have keys of the soak move, their keys one batch at a time, while they are read and written. */
function slotMovesOf(bed: ClusterBed): Fault[] {
  const move = (name: string, wait: (random: () => number) => Promise<void>): Fault => ({
    name,
    strike: async (random) => {
      for (let moved = 0; moved < 3; moved++) {
        const slot = hashSlot(`k:{${some(['a', 'b'], random)}:${Math.floor(random() * 20)}}`);
        const owner = await bed.ownerOf(slot);
        const others = (await bed.primaries()).filter(({ id }) => id !== owner.id);
        const open = await bed.openMove(slot, some(others, random));
        await wait(random);
        await open.moveKeys();
        await wait(random);
        // What was written meanwhile, at the node where the slot was.
        await open.moveKeys();
        await open.close();
        await bed.settled();
      }
    },
  });
  return [move('slots move', async () => {}), move('slots move slowly', (random) => pause(random() * 400))];
}

function inEveryThird(name: string): string[] {
  return [0, 1, 2].map((third) => {
    for (let index = 0; ; index++) {
      const key = `${name}:${index}`;
      if (Math.floor((hashSlot(key) * 3) / 16_384) === third) return key;
    }
  });
}
