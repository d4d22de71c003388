// What a batch over the slots of a cluster saves: 1 000 keys in one mGet() against 1 000 awaited get(), on three nodes,
// for each major of node-redis. Rounds are interleaved, and nothing is answered from memory.
//
// npx tsx bench/slot-groups.ts

import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as v6 from '@redis/client';
import { build } from 'esbuild';
import * as v4 from 'redis-client-v4';
import * as v5 from 'redis-client-v5';
import type { NearCached, withNearCache } from '../src/index.js';
import { ClusterBed } from '../test/support/beds/cluster-bed.js';
import { until } from '../test/support/until.js';

const KEYS = Array.from({ length: 1_000 }, (_, index) => `k:${index}`);
const VALUE = 'x'.repeat(100);
/** Each way, as between two machines of one region. Unit: ms. */
const DELAY = 1;
/** How many times as fast a batch must be over a network. */
const GOAL = 10;

interface Reads {
  get(key: string): Promise<unknown>;
  mGet(keys: string[]): Promise<unknown[]>;
  mSet(pairs: [string, string][]): Promise<unknown>;
}
type Cluster = Parameters<typeof withNearCache>[0] & Reads & { disconnect(): Promise<unknown> };
type Near = NearCached<Cluster>;
type Options = { rootNodes: { url: string }[]; nodeAddressMap: (address: string) => Address | undefined };
type Address = { host: string; port: number };

const MAKERS: Readonly<Record<string, (options: Options) => unknown>> = {
  v4: v4.createCluster,
  v5: v5.createCluster,
  v6: v6.createCluster,
};

/** As it is published: what runs TypeScript directly names every closure, which takes as long as the rest. */
async function published(): Promise<typeof withNearCache> {
  const folder = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const outfile = `${folder}near-cache-${process.pid}.mjs`;
  const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  await build({ entryPoints: [entry], bundle: true, packages: 'external', format: 'esm', outfile });
  const module = (await import(outfile)) as { withNearCache: typeof withNearCache };
  rmSync(outfile);
  return module.withNearCache;
}

async function slowly(bed: ClusterBed): Promise<{ network: Worker; ports: Map<number, number> }> {
  const ports = bed.nodes.map(({ server }) => server.port);
  const script = new URL('./slow-network.mjs', import.meta.url);
  const network = new Worker(script, { workerData: { delay: DELAY, ports } });
  const [pairs] = (await once(network, 'message')) as [[number, number][]];
  return { network, ports: new Map(pairs) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Unit: ms. */
async function timed(redis: Near, run: () => Promise<unknown>): Promise<number> {
  redis.near.clear();
  const from = performance.now();
  await run();
  return performance.now() - from;
}

function check(value: unknown): void {
  if (value !== VALUE) throw new Error('A value is wrong.');
}

async function measure(
  redis: Near,
  rounds: number,
): Promise<{ batch: number; single: number; ratio: number }> {
  const batch: number[] = [];
  const single: number[] = [];
  const inOneCall = async (): Promise<void> => (await redis.mGet(KEYS)).forEach(check);
  const oneByOne = async (): Promise<void> => {
    for (const key of KEYS) check(await redis.get(key));
  };
  for (let round = 0; round < 10; round++) await timed(redis, inOneCall);
  for (let round = 0; round < rounds; round++) {
    batch.push(await timed(redis, inOneCall));
    single.push(await timed(redis, oneByOne));
  }
  const ratios = single.map((ms, round) => ms / (batch[round] ?? Number.NaN));
  return { batch: median(batch), single: median(single), ratio: median(ratios) };
}

const wrap = await published();
const bed = await ClusterBed.start({ replicasPerShard: 0 });
const { network, ports } = await slowly(bed);
const [processor] = cpus();
console.log(`${cpus().length} x ${processor?.model}, Node ${process.version}, ${KEYS.length} keys, 3 nodes`);
let reached = true;
try {
  for (const [major, make] of Object.entries(MAKERS)) {
    for (const where of ['loopback', 'network'] as const) {
      for (const prefix of ['k:', 'other:']) {
        const nodeAddressMap = (address: string): Address | undefined => {
          const port = where === 'network' ? ports.get(Number(address.split(':').at(-1))) : undefined;
          return port === undefined ? undefined : { host: '127.0.0.1', port };
        };
        const cluster = make({ rootNodes: bed.rootNodes, nodeAddressMap }) as Cluster;
        cluster.on('error', () => {});
        const redis = wrap(cluster, { prefixes: [prefix], maxStaleness: 60_000 });
        await redis.connect();
        const armed = (): number =>
          redis.near.stats().tracking.filter(({ state }) => state === 'armed').length;
        await until(() => armed() === 3, 10_000, 'every node to be tracked');
        await redis.mSet(KEYS.map((key) => [key, VALUE]));
        const { batch, single, ratio } = await measure(redis, where === 'network' ? 3 : 21);
        redis.near.close();
        await cluster.disconnect();
        if (where === 'network') reached &&= ratio >= GOAL;
        console.log(
          `${major} ${where === 'network' ? `≥ ${2 * DELAY} ms round trip` : 'loopback         '} ` +
            `${prefix === 'k:' ? 'cached keys' : 'other keys '} mGet() ${batch.toFixed(1).padStart(6)} ms, ` +
            `get() ${single.toFixed(1).padStart(7)} ms: ${ratio.toFixed(1)} times as fast`,
        );
      }
    }
  }
} finally {
  await network.terminate();
  await bed.stop();
}
console.log(`Over a network ${reached ? '' : 'not '}at least ${GOAL} times as fast everywhere.`);
process.exitCode = reached ? 0 : 1;
