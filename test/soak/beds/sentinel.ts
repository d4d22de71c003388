// A primary, two replicas and three sentinels; the readers reach whoever is the primary through a proxy.

import { SentinelBed } from '../../support/beds/sentinel-bed.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { sentinel } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { freezePrimary, killPrimary, mayLoseTheLast, type Shard } from '../faults/failovers.js';
import { alone, lossesOf } from '../faults/losses.js';
import { faultsOfNetwork } from '../faults/network-faults.js';
import { faultsOf } from '../faults/server-faults.js';
import { EVERY_KEY } from '../history.js';
import { type Fault, lasting, type SoakBed, some } from '../soak-bed.js';

import { addressesBehind } from './proxied.js';

const DOWN_AFTER = 700;

export async function sentinelBed(): Promise<SoakBed> {
  const bed = await SentinelBed.start({ downAfter: DOWN_AFTER });
  const proxies = await Promise.all(bed.nodes.map(({ port }) => TcpProxy.start(port)));
  const nodeAddressMap = addressesBehind(bed.nodes, proxies);
  const reader = (major: 5 | 6, options: SoakBed['readers'][number]['options'] = {}) => ({
    name: `v${major} sentinel, ${options.routing?.reads ?? 'primary'}`,
    client: sentinel(major, bed, { nodeAddressMap }),
    options,
  });
  return {
    readers: [
      reader(5, { routing: { reads: 'replicas', maxLag: 300 } }),
      reader(6, { routing: { reads: 'nearest', maxLag: 300 }, maxEntries: 30 }),
      reader(5),
      reader(6, { tracking: { noLoop: false } }),
    ],
    bare: () => sentinel(6, bed),
    faults: [
      ...faultsOf((random) => some(bed.nodes, random), {
        maxFreeze: DOWN_AFTER / 2,
        rights: ['client|tracking', 'role'],
        isFollowed: true,
        isRefusal: true,
        // The client waits for a second before it looks for the primary again.
        reconnectsAtOnce: false,
      }),
      ...failoversOf(bed),
      ...lossesOf(async () => alone(await bed.primary())),
      // After a cut, too, the client waits.
      ...faultsOfNetwork('all nodes', proxies).map((fault) => ({ ...fault, isCut: false })),
    ],
    servers: bed.nodes,
    everywhere: ['k:probe'],
    portOf: async () => (await bed.primary()).port,
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

function failoversOf(bed: SentinelBed): Fault[] {
  const shard = async (): Promise<Shard> => ({
    primary: await bed.primary(),
    replicas: await bed.replicas(),
    scope: EVERY_KEY,
  });
  return [
    {
      name: 'failover by command',
      strike: async (_, history) => {
        // The old primary goes on to acknowledge writes until it is told.
        const over = await mayLoseTheLast(await shard(), history);
        await bed.failover();
        over();
      },
    },
    {
      name: 'primary killed, replica takes over',
      strike: async (_, history) => {
        const struck = await shard();
        await killPrimary(
          struck,
          history,
          () => bed.takenOver(struck.primary),
          () => bed.settled(),
        );
      },
    },
    {
      name: 'primary frozen, replica takes over',
      strike: async (random, history) => {
        const struck = await shard();
        await freezePrimary(
          struck,
          history,
          random,
          () => bed.takenOver(struck.primary),
          () => bed.settled(),
        );
      },
    },
    {
      name: 'replica killed, restarted',
      strike: async (random) => {
        const replica = some(await bed.replicas(), random);
        await replica.kill();
        await lasting(random, 50, 2_000);
        await replica.launch();
        const primary = await bed.primary();
        await replica.command('REPLICAOF', '127.0.0.1', `${primary.port}`);
        await bed.settled();
      },
    },
    {
      name: 'a sentinel killed, restarted',
      strike: async (random) => {
        const one = some(bed.sentinels, random);
        await one.kill();
        await lasting(random, 100, 1_500);
        await one.launch();
        await bed.settled();
      },
    },
    {
      name: 'all sentinels frozen',
      strike: async (random) => {
        for (const each of bed.sentinels) each.freeze();
        await lasting(random, 100, 1_500);
        for (const each of bed.sentinels) each.thaw();
        await until(() => bed.sentinels.every(({ responds }) => responds));
        await bed.settled();
      },
    },
  ];
}
