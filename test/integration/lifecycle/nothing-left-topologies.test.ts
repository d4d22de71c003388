// The same on clusters, sentinels and primaries with replicas: whatever was opened to their nodes is closed again.

import { afterAll, describe, test } from 'vitest';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { SentinelBed } from '../../support/beds/sentinel-bed.js';
import type { Near } from '../../support/client.js';
import { cluster, type Major, sentinel, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { cycled, expectNothing } from './cycles.js';

const CYCLES = 60;
/** Nothing here hangs on leases: a busy machine is no reason for them to end. */
const CALM = { heartbeat: 50, maxStaleness: 30_000 } as const;
const REPLICAS = { ...CALM, routing: { reads: 'replicas' } } as const;

function closingOf(major: Major): string[] {
  return major === 4 ? ['quit', 'disconnect', 'dispose'] : ['close', 'destroy', 'dispose'];
}

/** One of v5 that was closed by close(), as its scope does, cannot be used again. */
function closingOfSentinel(major: 5 | 6): string[] {
  return major === 5 ? ['destroy'] : closingOf(major);
}

/** Sessions of every node, and clients of every replica. */
function answering(count: number): (redis: Near) => Promise<void> {
  const answers = (redis: Near): number => redis.near.stats().tracking.filter((row) => row.answers).length;
  return (redis) => until(() => answers(redis) === count, 20_000, `${count} nodes to answer`);
}

describe('a cluster', async () => {
  const bed = await ClusterBed.start();
  afterAll(() => bed.stop());
  const servers = bed.nodes.map(({ server }) => server);

  test.each([4, 5, 6] as const)(
    'of v%i',
    async (major) => {
      const create = () => cluster(major, bed);
      const cycling = { create, servers, closing: closingOf(major), options: CALM, complete: answering(3) };
      expectNothing(await cycled(cycling, CYCLES), 'few');
    },
    180_000,
  );

  test.each([4, 5, 6] as const)(
    'of v%i whose replicas are read from',
    async (major) => {
      const create = () => cluster(major, bed);
      const cycling = {
        create,
        servers,
        closing: closingOf(major),
        options: REPLICAS,
        complete: answering(6),
      };
      expectNothing(await cycled(cycling, CYCLES), 'few');
    },
    180_000,
  );
});

describe('a primary whose replicas are found out', async () => {
  const bed = await ReplicatedBed.start();
  afterAll(() => bed.stop());

  test.each([4, 5, 6] as const)(
    'of v%i',
    async (major) => {
      const create = () => single(major, bed.primary.url);
      const servers = bed.nodes;
      const cycling = {
        create,
        servers,
        closing: closingOf(major),
        options: REPLICAS,
        complete: answering(3),
      };
      expectNothing(await cycled(cycling, CYCLES), 'few');
    },
    180_000,
  );
});

describe('sentinels', async () => {
  const bed = await SentinelBed.start();
  afterAll(() => bed.stop());
  const servers = [...bed.nodes, ...bed.sentinels];

  test.each([5, 6] as const)(
    'of v%i',
    async (major) => {
      const create = () => sentinel(major, bed);
      const cycling = {
        create,
        servers,
        closing: closingOfSentinel(major),
        options: CALM,
        complete: answering(1),
      };
      expectNothing(await cycled(cycling, CYCLES), 'few');
    },
    180_000,
  );

  test.each([5, 6] as const)(
    'of v%i whose replicas are read from',
    async (major) => {
      const create = () => sentinel(major, bed);
      const cycling = {
        create,
        servers,
        closing: closingOfSentinel(major),
        options: REPLICAS,
        complete: answering(3),
      };
      expectNothing(await cycled(cycling, CYCLES), 'few');
    },
    180_000,
  );
});
