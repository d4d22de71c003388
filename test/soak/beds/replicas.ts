// A primary and two replicas, each of which follows through a proxy; the readers read from replicas.

import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { single } from '../../support/topologies.js';
import { mayLoseTheLast } from '../faults/failovers.js';
import { alone, lossesOf, restartedEmpty } from '../faults/losses.js';
import { faultsOf, faultsOfReplication } from '../faults/server-faults.js';
import { EVERY_KEY } from '../history.js';
import { type Fault, lasting, type SoakBed, some } from '../soak-bed.js';
import { heal, networkOf, proxied, stop } from './proxied.js';

export async function replicasBed(): Promise<SoakBed> {
  const bed = await ReplicatedBed.start();
  const writers = await TcpProxy.start(bed.primary.port);
  const { port } = bed.primary;
  const readers = [
    await proxied('v4', port, { routing: { reads: 'replicas', maxLag: 300 } }),
    await proxied('v5', port, { routing: { reads: 'nearest', maxLag: 300 } }),
    await proxied('v6', port, { routing: { reads: 'replicas', maxLag: 300 }, maxEntries: 30 }),
    await proxied('v6 RESP 2', port, { routing: { reads: 'hot', hotAfter: 2, maxLag: 300 } }),
  ];
  const restarted: Fault = {
    name: 'replica killed, restarted',
    strike: async (random) => {
      const replica = some(bed.replicas, random);
      await replica.kill();
      await lasting(random, 50, 600);
      await bed.rejoin(replica);
    },
  };
  const replaced: Fault = {
    name: 'primary replaced behind its address',
    strike: async (random, history) => {
      const { primary, replicas } = bed;
      const over = await mayLoseTheLast({ primary, replicas, scope: EVERY_KEY }, history);
      const next = some(replicas, random);
      await bed.promote(next);
      for (const proxy of [writers, ...readers.flatMap(({ data, tracking }) => [data, tracking])])
        proxy.aim(next.port);
      over();
      await bed.linked();
    },
  };
  return {
    readers,
    bare: () => single(6, writers.url, { commandOptions: { timeout: undefined } }),
    faults: [
      ...faultsOf((random) => some(bed.nodes, random), {
        maxFreeze: 2_500,
        rights: ['client|tracking', 'info'],
        isFollowed: true,
        isRefusal: true,
      }),
      restarted,
      replaced,
      restartedEmpty(
        () => alone(bed.primary),
        async (server) => {
          await server.launch();
          await bed.linked();
        },
      ),
      ...faultsOfReplication([0, 1].map((index) => () => bed.link(bed.replicas[index] ?? bed.primary))),
      ...lossesOf(() => alone(bed.primary)),
      ...networkOf(readers),
    ],
    servers: bed.nodes,
    everywhere: ['k:probe'],
    portOf: async () => bed.primary.port,
    healed: async () => {
      heal(readers);
      await bed.linked();
      await bed.caughtUp();
    },
    stop: async () => {
      await bed.stop();
      await Promise.all([writers.stop(), stop(readers)]);
    },
  };
}
