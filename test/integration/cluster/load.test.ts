// Slots move, primaries are killed, frozen and replaced, while several processes read and write: no value is stuck, too
// stale or older than before, no own write is lost, and hits come back.

import { hashSlot } from 'redis-near-cache';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ClusterBed, type ClusterNode } from '../../support/beds/cluster-bed.js';
import { ClusterLoad } from '../../support/cluster-load.js';
import { addressOf, armed } from '../../support/cluster-rig.js';
import { judge } from '../../support/cluster-verdict.js';
import { until } from '../../support/until.js';

let bed: ClusterBed;
beforeAll(async () => {
  bed = await ClusterBed.start();
});
afterAll(() => bed.stop());

let load: ClusterLoad;
beforeEach(async () => {
  load = await ClusterLoad.start(bed, { replicas: true });
  await load.writes(50);
  return () => load.close();
});

/** The primary that has the first key. */
function victim(): Promise<ClusterNode> {
  return bed.ownerOf(hashSlot(load.keys[0] ?? ''));
}

/** Everybody tracks this node, and has held the first key anew, soon after the cluster has healed. */
async function hitsAgain(node: ClusterNode): Promise<void> {
  const since = performance.now();
  const [key = ''] = load.keys;
  const times = load.wrapped.map(async ({ name, near }) => {
    const hits = () =>
      near !== undefined &&
      armed(near, 'primary').includes(addressOf(node)) &&
      near.near.peek(key) !== undefined;
    await until(hits, SECONDS, `${name} to hit again`);
    return `${name} ${(performance.now() - since).toFixed()} ms`;
  });
  const shown = await Promise.all(times);
  if (process.env.NEAR_SHOW === '1') console.log(`hits again after ${shown.join(', ')}`);
}

const SECONDS = 5_000;

test('slots move, there and back', async () => {
  for (let round = 0; round < 2; round++) {
    for (const slot of load.keys.map(hashSlot)) {
      const owner = await bed.ownerOf(slot);
      const others = (await bed.primaries()).filter((node) => node !== owner);
      await bed.moveSlot(slot, others[round % others.length] as ClusterNode);
    }
  }
  await load.writes(50);
  await judge(load);
});

test('a primary hands over to its replica', async () => {
  const [replica] = await bed.replicasOf(await victim());
  await bed.failover(replica as ClusterNode);
  await load.writes(100);
  await judge(load);
});

test('a primary is frozen, its replica takes over, and it comes back', async () => {
  const old = await victim();
  old.server.freeze();
  await bed.settled();
  const next = await victim();
  expect(next).not.toBe(old);
  await load.writes(100);
  old.server.thaw();
  await bed.settled();
  await hitsAgain(next);
  await load.writes(100);
  await judge(load);
});

test('a primary is killed, its replica takes over, and it is started anew', async () => {
  const old = await victim();
  const next = await bed.kill(old);
  await load.writes(50);
  // Clients before v6 learn of a takeover from a node that they can reach only.
  await old.server.launch();
  await bed.settled();
  await hitsAgain(next);
  await load.writes(50);
  await judge(load);
});
