// What every load on a cluster must have come to, whatever happened meanwhile: promises (a) to (d), and no errors but
// those that bare clients get.

import { expect } from 'vitest';
import type { ClusterLoad } from './cluster-load.js';

/** What a busy machine and the server's own delays add. Unit: ms. */
const TOLERANCE = 100;

/** What bare clients are seen to get when a node goes; which of these in a given run is chance. */
const OF_A_LOST_NODE: readonly string[] = ['CLUSTERDOWN', 'TimeoutError: ', 'connection'];

/** v4 sends ASKING apart from the command, loses commands of a client that it replaces, and may keep a closed one. */
const OF_V4: readonly string[] = ['ASK', 'ClientClosedError: The client is closed', 'Error: never answered'];

/** Ends the load and judges it. Everything must be healed. */
export async function judge(load: ClusterLoad): Promise<void> {
  load.stopWriting();
  const agreed = await load.agreed();
  await load.stop();
  const rows = load.wrapped.map((each) => ({ ...load.findings(each), each }));
  if (process.env.NEAR_SHOW === '1') {
    console.log(`${load.history.size} writes, agreed after ${agreed.toFixed()} ms`);
    for (const each of load.participants) {
      const { staleness, backwards } = load.findings(each);
      const reads = `${each.seen.length} reads, stalest ${staleness.toFixed()} ms, ${backwards.length} steps back`;
      console.log(each.name.padEnd(12), reads, Object.fromEntries(each.errors));
    }
  }
  const allowed = new Set(OF_A_LOST_NODE);
  for (const { errors, near } of load.participants) {
    if (near === undefined) for (const kind of errors.keys()) allowed.add(kind);
  }
  const strange = rows.flatMap(({ each: { errors, major, name } }) =>
    [...errors.keys()]
      .filter((kind) => !allowed.has(kind) && !(major === 4 && OF_V4.includes(kind)))
      .map((kind) => `${name}: ${kind}`),
  );
  expect(strange).toEqual([]);
  expect(rows.flatMap(({ backwards }) => backwards)).toEqual([]);
  const stale = rows.filter(({ staleness, each }) => staleness > each.lease + TOLERANCE);
  expect(stale.map(({ staleness, stalest }) => `${stalest}, replaced ${staleness} ms before`)).toEqual([]);
  for (const { each } of rows) expect(each.seen.length).toBeGreaterThan(100);
}
