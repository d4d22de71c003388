// Chance decides what happens to a cluster under load. CLUSTER_CHAOS_SEED repeats a run, CLUSTER_CHAOS_MS makes it longer.

import { hashSlot } from 'redis-near-cache';
import { expect, test } from 'vitest';
import { ClusterBed, type ClusterNode } from '../../support/beds/cluster-bed.js';
import { ClusterLoad } from '../../support/cluster-load.js';
import { killTracking } from '../../support/cluster-rig.js';
import { judge } from '../../support/cluster-verdict.js';

const SEED = Number(process.env.CLUSTER_CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 32));
const DURATION = Number(process.env.CLUSTER_CHAOS_MS ?? 10_000);

/** mulberry32: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(`whatever happens, seed ${SEED}`, { timeout: 2 * DURATION + 90_000 }, async () => {
  const random = seeded(SEED);
  const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  await using bed = await ClusterBed.start();
  const load = await ClusterLoad.start(bed, { replicas: true });
  const happened: string[] = [];
  const shardOfAKey = (): Promise<ClusterNode> => bed.ownerOf(hashSlot(oneOf(load.keys)));

  const events: Readonly<Record<string, () => Promise<void>>> = {
    async move() {
      const slot = hashSlot(oneOf(load.keys));
      const owner = await bed.ownerOf(slot);
      await bed.moveSlot(slot, oneOf((await bed.primaries()).filter((node) => node !== owner)));
    },
    async slowMove() {
      const slot = hashSlot(oneOf(load.keys));
      const owner = await bed.ownerOf(slot);
      const move = await bed.openMove(slot, oneOf((await bed.primaries()).filter((node) => node !== owner)));
      await load.writes(20);
      await move.moveKeys();
      await load.writes(20);
      await move.moveKeys();
      await move.close();
      await bed.settled();
    },
    async handOver() {
      await bed.failover(oneOf(await bed.replicasOf(await shardOfAKey())));
    },
    async hiccup() {
      const { server } = oneOf(bed.nodes);
      server.freeze();
      await load.writes(Math.ceil(random() * 10)).finally(() => server.thaw());
      await bed.settled();
    },
    async freeze() {
      const { server } = await shardOfAKey();
      server.freeze();
      await bed.settled().finally(() => server.thaw());
      await bed.settled();
    },
    async kill() {
      const node = await shardOfAKey();
      await bed.kill(node);
      await load.writes(20);
      await node.server.launch();
      await bed.settled();
    },
    async deafen() {
      await killTracking(oneOf(await bed.primaries()), 'near-cache:tracking');
    },
  };

  try {
    const end = performance.now() + DURATION;
    while (performance.now() < end) {
      const name = oneOf(Object.keys(events));
      happened.push(`${name} at ${performance.now().toFixed()}`);
      await events[name]?.();
      await load.writes(20);
    }
    expect(happened.length).toBeGreaterThan(1);
    await judge(load);
  } catch (error) {
    throw new Error(`CLUSTER_CHAOS_SEED=${SEED}: ${happened.join(', ')}`, { cause: error });
  } finally {
    await load.close();
  }
});
