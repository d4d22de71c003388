// What could be done instead, each with its own figures, the best first: what fits and gives up least, or else what costs
// least.

import type { MeasuredCosts } from './cost-model.js';
import { type Limit, type Plan, planOf, processLimit, type Strain, strainOf, type Tracking } from './plan.js';
import type { PlanInput } from './plan-input.js';

/** Names of the options, in the order of what they give up: nothing, a little work, machines, processes, freshness. */
export type AdviceName =
  | 'as planned'
  | 'without NOLOOP'
  | 'narrower prefixes'
  | 'tracking on replicas'
  | 'one tracking process per host'
  | 'ttl fallback';

/** One thing to do, and what comes of it. */
export interface Advice {
  readonly name: AdviceName;
  /** How, and what it takes for granted. */
  readonly how: string;
  readonly plan: Plan;
  readonly strain: Strain;
  /** Of processes. */
  readonly limit: Limit;
  /** No node is busier than the ceiling. */
  readonly fits: boolean;
}

/** All options for a fleet, the best one first. */
export function adviseOn(input: PlanInput, measured: MeasuredCosts): Advice[] {
  const option = (
    name: AdviceName,
    how: string,
    change: Partial<PlanInput> = {},
    tracking: Tracking = 'primaries',
  ): Advice => {
    const changed = { ...input, ...change };
    const plan = planOf(changed, measured, tracking);
    const strain = strainOf(changed, measured, tracking);
    const limit = processLimit(changed, measured, tracking);
    return { name, how, plan, strain, limit, fits: plan.busiest <= input.ceiling };
  };
  const replicas = enoughReplicas(input, measured);
  const hosts = Math.max(1, Math.ceil(input.processes / input.perHost));
  const kept = 1 - input.wasted;
  const options = [option('as planned', 'Every process tracks every primary.')];
  if (input.noLoop) {
    options.push(
      option(
        'without NOLOOP',
        'tracking: { noLoop: false }. The tracking connection never writes, so nothing else changes.',
        { noLoop: false },
      ),
    );
  }
  options.push(
    option(
      'narrower prefixes',
      `Leave out what is written and not read: ${percent(input.wasted)} of the invalidations ` +
        '(wastedInvalidations / invalidations in stats(); --wasted).',
      { prefixes: input.prefixes.map(({ name, share }) => ({ name, share: share * kept })), wasted: 0 },
    ),
  );
  // With routing, or on a cluster, the primaries are tracked as well.
  if (input.primaries === 1) {
    options.push(
      option(
        'tracking on replicas',
        `Processes that only read connect to one of ${replicas === 1 ? '1 replica' : `${replicas} replicas`}, each to its own ` +
          'part of them. What they see is as old as the replica is behind. (With `routing`, primaries are tracked too.)',
        { replicas },
        'replicas',
      ),
    );
  }
  options.push(
    option(
      'one tracking process per host',
      `${hosts} processes on ${hosts} hosts hold the cache, and the other ones ask them (--per-host ${input.perHost}).`,
      { processes: hosts },
    ),
    option(
      'ttl fallback',
      `No tracking: replies live for ${input.ttl} ms and can be as stale (fallback: 'ttl', and a tracking user without the ` +
        'right to CLIENT TRACKING).',
      { hitRatio: undefined },
      'none',
    ),
  );
  const [fitting, others] = [options.filter(({ fits }) => fits), options.filter(({ fits }) => !fits)];
  return [...fitting, ...others.sort((a, b) => waiting(a) - waiting(b) || a.plan.busiest - b.plan.busiest)];
}

/** Infinity is no number to subtract from itself. */
function waiting({ strain }: Advice): number {
  return Math.min(strain.delay, Number.MAX_VALUE);
}

/** More replicas than anybody puts behind one primary. */
const MOST_REPLICAS = 16;

/** Those that there are, or as many as it takes. */
function enoughReplicas(input: PlanInput, measured: MeasuredCosts): number {
  const least = Math.max(1, input.replicas);
  for (let replicas = least; replicas <= MOST_REPLICAS; replicas++) {
    if (planOf({ ...input, replicas }, measured, 'replicas').busiest <= input.ceiling) return replicas;
  }
  return least;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
