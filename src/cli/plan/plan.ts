// The calculator: what a fleet of near caches costs its servers and itself, what it saves, and where it breaks. Pure
// arithmetic over measured costs; docs/scaling.md has the formula in words.

import { bytesPerInvalidation, type MeasuredCosts, type ServerLoad, serverCost } from './cost-model.js';
import type { PlanInput } from './plan-input.js';
import { hitsWhileFresh, hitsWhileTracked } from './popularity.js';

/** How the processes hear of changes. */
export type Tracking = 'primaries' | 'replicas' | 'none';

/** One of several nodes that are alike. */
export interface NodePlan {
  readonly role: 'primary' | 'replica';
  readonly count: number;
  readonly trackers: number;
  /** CPU spent because of tracking. Unit: cores. */
  readonly invalidations: number;
  /** CPU for writes, replication and the reads that miss. Unit: cores. */
  readonly rest: number;
  /** Both. The main thread of a server has one core. */
  readonly total: number;
  /** Invalidations that leave the node, as RESP. Unit: bytes/s. */
  readonly network: number;
  /** The same in Ethernet frames, each message in one of its own. Unit: bytes/s. */
  readonly networkFramed: number;
}

/** What the calculator says. */
export interface Plan {
  readonly nodes: readonly NodePlan[];
  /** The largest `total` of a node. Unit: cores. */
  readonly busiest: number;
  readonly perProcess: {
    readonly invalidationsPerSecond: number;
    /** CPU for them. Unit: cores. */
    readonly cpu: number;
  };
  readonly hitRatio: number;
  /** Reads that need no server. Per second. */
  readonly savedReads: number;
  /** CPU of one primary if every read went to it. Unit: cores. */
  readonly withoutCache: number;
}

/** What becomes of a server that has more to do than one core can while writes come as they come. */
export interface Strain {
  /** Writes that gather in one turn until one core is enough; infinity if that is more than was measured. */
  readonly gathered: number;
  /** How long such a turn takes, which every command has to wait: 0 while the server is not busy all the time. Unit: ms. */
  readonly delay: number;
}

/** The most writes in one turn that were measured: what a server gathers by itself when it has no pause. */
export const GATHERED = 256;

/** Ethernet, IP and TCP with timestamps around a segment. Unit: bytes. */
const FRAME = 66;
/** Payload of one segment. Unit: bytes. */
const SEGMENT = 1_448;

/** What a fleet costs and saves, with so many writes gathered in a turn, or as many as come together. Every figure is finite and not negative for input in range. */
export function planOf(
  input: PlanInput,
  measured: MeasuredCosts,
  tracking: Tracking = 'primaries',
  gathered: number = input.batch,
): Plan {
  const batch = Math.max(gathered, input.batch);
  const { keyLength, noLoop, primaries, processes, replicas, reads, speed } = input;
  const share = Math.min(
    1,
    input.prefixes.reduce((sum, prefix) => sum + prefix.share, 0),
  );
  const under = (input.writes * share) / primaries;
  const beside = (input.writes * (1 - share)) / primaries;
  const written = input.prefixes.filter((prefix) => prefix.share > 0).length;
  const hitRatio =
    input.hitRatio ?? estimatedHits(input, input.writes * share * (1 - input.wasted), tracking);
  const misses = (reads * (1 - hitRatio)) / primaries;
  const onReplicas = tracking === 'replicas' && replicas > 0;

  const node = (role: NodePlan['role'], trackers: number, missed: number): NodePlan => {
    const load: ServerLoad = {
      kind: role === 'primary' ? 'write' : 'replicated write',
      trackers,
      prefixes: input.prefixes.length,
      written,
      batch,
      pipeline: input.batch,
      keyLength,
      noLoop,
      replicas: role === 'primary' ? replicas : 0,
    };
    const cores = (rate: number, cost: ServerLoad): number =>
      (rate * serverCost(cost, measured.costs)) / 1e6 / speed;
    const bare = cores(under + beside, { ...load, trackers: 0, written: 0 });
    const told = cores(under, load) + cores(beside, { ...load, written: 0 });
    const asked = missed * missCost(input, measured, batch);
    const invalidations = Math.max(0, told - bare);
    const payload = bytesPerInvalidation(batch, written, keyLength);
    const frames = Math.max(1 / batch, payload / SEGMENT);
    return {
      role,
      count: role === 'primary' ? primaries : primaries * replicas,
      trackers,
      invalidations,
      rest: bare + asked,
      total: bare + asked + invalidations,
      network: under * trackers * payload,
      networkFramed: under * trackers * (payload + FRAME * frames),
    };
  };
  const told = tracking === 'none' ? 0 : processes;
  const nodes = onReplicas
    ? [node('primary', 0, 0), node('replica', told / replicas, misses / replicas)]
    : [node('primary', told, misses), ...(replicas > 0 ? [node('replica', 0, 0)] : [])];
  const heard = tracking === 'none' ? 0 : under * primaries;
  const { wake, heldKey } = measured.client;
  const writesOnly = planWrites(input, measured);
  return {
    nodes,
    busiest: Math.max(...nodes.map(({ total }) => total)),
    perProcess: {
      invalidationsPerSecond: heard,
      cpu: (heard * (wake / batch + heldKey)) / 1e6 / speed,
    },
    hitRatio,
    savedReads: reads * hitRatio,
    withoutCache: writesOnly + (reads / primaries) * readCost(input, measured),
  };
}

/** CPU of a primary for its writes when nobody tracks. Unit: cores. */
function planWrites(
  { batch, keyLength, primaries, replicas, speed, writes }: PlanInput,
  measured: MeasuredCosts,
) {
  const load: ServerLoad = {
    kind: 'write',
    trackers: 0,
    prefixes: 0,
    written: 0,
    batch,
    pipeline: batch,
    keyLength,
    noLoop: false,
    replicas,
  };
  return ((writes / primaries) * serverCost(load, measured.costs)) / 1e6 / speed;
}

/** One read without the near cache. Unit: seconds of a core. */
function readCost({ batch, speed }: PlanInput, { costs }: MeasuredCosts, gathered = batch): number {
  return (costs.read + costs.exchange / batch + costs.turn / gathered) / 1e6 / speed;
}

/** A miss takes the expiry of the key along. Unit: seconds of a core. */
function missCost(input: PlanInput, measured: MeasuredCosts, gathered: number): number {
  return readCost(input, measured, gathered) + measured.costs.read / 1e6 / input.speed;
}

function estimatedHits(input: PlanInput, writes: number, tracking: Tracking): number {
  const { keys, processes, reads, skew, ttl } = input;
  const own = reads / processes;
  return tracking === 'none'
    ? hitsWhileFresh(keys, skew, own, ttl)
    : hitsWhileTracked(keys, skew, own, writes);
}

/** Writes that wait for each other are gathered, which makes each cheaper: where that comes to rest. */
export function strainOf(
  input: PlanInput,
  measured: MeasuredCosts,
  tracking: Tracking = 'primaries',
): Strain {
  const busiest = (gathered: number): number => planOf(input, measured, tracking, gathered).busiest;
  if (busiest(input.batch) <= 1) return { gathered: input.batch, delay: 0 };
  let [low, high] = [input.batch, Math.max(GATHERED, input.batch)];
  if (busiest(high) > 1) return { gathered: Number.POSITIVE_INFINITY, delay: Number.POSITIVE_INFINITY };
  while (high - low > 0.1) {
    const middle = (low + high) / 2;
    if (busiest(middle) > 1) low = middle;
    else high = middle;
  }
  // Turns that take longer than a second are those of a server without writes, which has too many reads.
  return {
    gathered: high,
    delay: Math.min(1_000, (1_000 * high * input.primaries) / Math.max(1, input.writes)),
  };
}

/** Where a node has no core left. */
export interface Limit {
  /** With the writes gathered as they are now: from here on they wait for each other, and are gathered more and more. */
  readonly busy: number;
  /** With so many gathered as were measured at most: from here on the server falls behind for good. */
  readonly broken: number;
}

/** The number of processes at which the busiest node has no core left, or infinity. */
export function processLimit(
  input: PlanInput,
  measured: MeasuredCosts,
  tracking: Tracking = 'primaries',
): Limit {
  return limitOf(input, (gathered, processes) => {
    return planOf({ ...input, processes }, measured, tracking, gathered).busiest;
  });
}

/** The writes per second at which the busiest node has no core left, or infinity. */
export function writeLimit(
  input: PlanInput,
  measured: MeasuredCosts,
  tracking: Tracking = 'primaries',
): Limit {
  return limitOf(
    input,
    (gathered, writes) => planOf({ ...input, writes }, measured, tracking, gathered).busiest,
  );
}

function limitOf(input: PlanInput, busiest: (gathered: number, value: number) => number): Limit {
  const at = (gathered: number): number => firstAbove(1, (value) => busiest(gathered, value));
  const busy = at(input.batch);
  return { busy, broken: Math.max(busy, at(Math.max(GATHERED, input.batch))) };
}

/** The whole number at which something that rises goes above `goal`; infinity beyond a billion. */
function firstAbove(goal: number, rising: (value: number) => number): number {
  let low = 1;
  let high = 1;
  while (rising(high) <= goal) {
    if (high > 1e9) return Number.POSITIVE_INFINITY;
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (rising(middle) > goal) high = middle;
    else low = middle;
  }
  return high;
}
