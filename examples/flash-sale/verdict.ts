// Judges a performance: what it promised to show, and what must never happen.

import type { Performance } from './acts.js';
import { LEASE } from './shop.js';

/** What act two is meant to show. Missing a target is shown; it is no failure, for it says something of the machine. */
export const TARGETS = Object.freeze({ hotGetRatio: 99, hitP99Micros: 10 });

export interface Verdict {
  /** How many times fewer GETs of the hot key reached Redis in act two; `null` if none did. */
  readonly hotGetRatio: number | null;
  /** `null` if there was no hit. Unit: µs. */
  readonly hitP99Micros: number | null;
  /** Of any reader with a near cache. Unit: ms. */
  readonly worstStalenessMs: number;
  readonly stuck: number;
  /** Keys compared at the end, and those of them that the near caches answered from memory. */
  readonly compared: number;
  readonly comparedFromMemory: number;
  /** Why the sale failed; empty if it did not. */
  readonly failures: readonly string[];
}

export function judge({ plain, near, faults, comparisons }: Performance): Verdict {
  const total = (figure: 'stuck' | 'keys' | 'fromMemory'): number =>
    comparisons.reduce((sum, comparison) => sum + comparison[figure], 0);
  const worstStalenessMs = Math.max(near.worstStalenessMs, faults.worstStalenessMs);
  const [stuck, compared, comparedFromMemory] = [total('stuck'), total('keys'), total('fromMemory')];
  const failures: string[] = [];
  if (worstStalenessMs > LEASE) {
    failures.push(`A reader saw a value ${worstStalenessMs.toFixed(1)} ms stale; the lease is ${LEASE} ms.`);
  }
  if (stuck > 0) failures.push(`${stuck} values were stuck at the end.`);
  if (comparedFromMemory === 0)
    failures.push('Nothing was held in memory at the end, so nothing was compared.');
  if (faults.stepsBack > 0) failures.push(`${faults.stepsBack} reads went back in time.`);
  return {
    hotGetRatio: near.hotGetsPerSecond === 0 ? null : plain.hotGetsPerSecond / near.hotGetsPerSecond,
    hitP99Micros: near.score.latency.hitP99,
    worstStalenessMs,
    stuck,
    compared,
    comparedFromMemory,
    failures,
  };
}
