// What a batch over the slots of a cluster saves: 1 000 keys in one mGet() against 1 000 awaited get(), on three nodes,
// for each major of node-redis. Rounds are interleaved and nothing is answered from memory.
//
// npx tsx bench/slot-groups.ts [rounds]

import { cpus } from 'node:os';
import * as v6 from '@redis/client';
import * as v4 from 'redis-client-v4';
import * as v5 from 'redis-client-v5';
import { type NearCached, withNearCache } from '../src/index.js';
import { ClusterBed } from '../test/support/beds/cluster-bed.js';
import { until } from '../test/support/until.js';

const KEYS = Array.from({ length: 1_000 }, (_, index) => `k:${index}`);
const VALUE = 'x'.repeat(100);
const GOAL = 10;
const rounds = Number(process.argv[2] ?? 21);

interface Reads {
  get(key: string): Promise<unknown>;
  mGet(keys: string[]): Promise<unknown[]>;
  mSet(pairs: [string, string][]): Promise<unknown>;
}
type Cluster = Parameters<typeof withNearCache>[0] & Reads & { disconnect(): Promise<unknown> };

const MAKERS: Readonly<Record<string, (options: { rootNodes: { url: string }[] }) => unknown>> = {
  v4: v4.createCluster,
  v5: v5.createCluster,
  v6: v6.createCluster,
};

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Unit: ms. */
async function timed(redis: NearCached<Cluster>, run: () => Promise<unknown>): Promise<number> {
  redis.near.clear();
  const from = performance.now();
  await run();
  return performance.now() - from;
}

async function measure(redis: NearCached<Cluster>): Promise<{ batch: number[]; single: number[] }> {
  const batch: number[] = [];
  const single: number[] = [];
  const inOneCall = async (): Promise<void> => {
    const values = await redis.mGet(KEYS);
    if (values.some((value) => value !== VALUE)) throw new Error('A value is wrong.');
  };
  const oneByOne = async (): Promise<void> => {
    for (const key of KEYS) if ((await redis.get(key)) !== VALUE) throw new Error('A value is wrong.');
  };
  for (let round = -3; round < rounds; round++) {
    const ofBatch = await timed(redis, inOneCall);
    const ofSingle = await timed(redis, oneByOne);
    // The first rounds warm up.
    if (round < 0) continue;
    batch.push(ofBatch);
    single.push(ofSingle);
  }
  return { batch, single };
}

const [processor] = cpus();
console.log(
  `${cpus().length} x ${processor?.model}, Node ${process.version}, ${rounds} rounds of ${KEYS.length} keys`,
);
const bed = await ClusterBed.start({ replicasPerShard: 0 });
let reached = true;
try {
  for (const [major, make] of Object.entries(MAKERS)) {
    for (const prefixes of [['k:'], ['nothing:']]) {
      const cluster = make({ rootNodes: bed.rootNodes }) as Cluster;
      cluster.on('error', () => {});
      const redis = withNearCache(cluster, { prefixes, maxStaleness: 60_000 });
      await redis.connect();
      const isTracked = (): boolean =>
        redis.near.stats().tracking.filter(({ state }) => state === 'armed').length === 3;
      await until(isTracked, 10_000, 'every node to be tracked');
      await redis.mSet(KEYS.map((key) => [key, VALUE]));
      const { batch, single } = await measure(redis);
      redis.near.close();
      await cluster.disconnect();
      const ratio = median(single.map((ms, round) => ms / (batch[round] ?? Number.NaN)));
      reached &&= ratio >= GOAL;
      const kind = prefixes[0] === 'k:' ? 'cached keys ' : 'other keys  ';
      console.log(
        `${major} ${kind} one mGet() ${median(batch).toFixed(1)} ms, awaited get() ${median(single).toFixed(1)} ms: ` +
          `${ratio.toFixed(1)} times as fast`,
      );
    }
  }
} finally {
  await bed.stop();
}
console.log(reached ? `At least ${GOAL} times as fast everywhere.` : `Not ${GOAL} times as fast everywhere.`);
process.exitCode = reached ? 0 : 1;
