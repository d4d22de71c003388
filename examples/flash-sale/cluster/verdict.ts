// Judges a performance on a cluster: what the near cache is for there, and what must never happen.

import type { ActFigures, Performance } from './acts.js';
import type { ShardRate } from './shard-rates.js';
import { LEASE } from './shop.js';

/** The least part of its reads that the hot shard must be rid of, and the most that shards may differ by in operations. */
export const TARGETS = Object.freeze({ hotShardReadsSaved: 0.99, shardSpread: 2 });

export interface Verdict {
  /** Which part of the reads on the shard of the hot key the near cache saved in act two, of 1. */
  readonly hotShardReadsSaved: number;
  /** Operations of the busiest shard over those of the idlest, before and after, and after the last failover. */
  readonly shardSpread: {
    readonly plain: number;
    readonly near: number;
    readonly afterFailover: number;
  };
  /** Of any reader with a near cache. Unit: ms. */
  readonly worstStalenessMs: number;
  readonly stuck: number;
  /** Keys compared at the end, and those of them that the near caches answered from memory. */
  readonly compared: number;
  readonly comparedFromMemory: number;
  /** Why the sale failed; empty if it did not. */
  readonly failures: readonly string[];
}

export function judge({ plain, near, faults, stepsBack, comparisons }: Performance): Verdict {
  const total = (figure: 'stuck' | 'keys' | 'fromMemory'): number =>
    comparisons.reduce((sum, comparison) => sum + comparison[figure], 0);
  const hotShardReadsSaved = 1 - hot(near).readsPerSecond / hot(plain).readsPerSecond;
  const shardSpread = { plain: spread(plain), near: spread(near), afterFailover: spread(faults) };
  const worstStalenessMs = Math.max(near.worstStalenessMs, faults.worstStalenessMs);
  const [stuck, compared, comparedFromMemory] = [total('stuck'), total('keys'), total('fromMemory')];
  const failures: string[] = [];
  if (!(hotShardReadsSaved >= TARGETS.hotShardReadsSaved)) {
    failures.push(`The hot shard was rid of ${(hotShardReadsSaved * 100).toFixed(2)} % of its reads only.`);
  }
  if (!(shardSpread.near <= TARGETS.shardSpread)) {
    failures.push(`The shards' operations differed by a factor of ${shardSpread.near.toFixed(2)}.`);
  }
  if (worstStalenessMs > LEASE) {
    failures.push(`A reader saw a value ${worstStalenessMs.toFixed(1)} ms stale; the lease is ${LEASE} ms.`);
  }
  if (stuck > 0) failures.push(`${stuck} values were stuck at the end.`);
  if (comparedFromMemory === 0)
    failures.push('Nothing was held in memory at the end, so nothing was compared.');
  // What Redis itself lost is no fault of the cache.
  if (stepsBack > 0 && faults.lostWrites === 0) failures.push(`${stepsBack} reads went back in time.`);
  return {
    hotShardReadsSaved,
    shardSpread,
    worstStalenessMs,
    stuck,
    compared,
    comparedFromMemory,
    failures,
  };
}

export function hot({ shards }: ActFigures): ShardRate {
  const shard = shards.find(({ isHot }) => isHot);
  if (shard === undefined) throw new Error('No shard has the hot key.');
  return shard;
}

function spread({ shards }: ActFigures): number {
  const rates = shards.map(({ operationsPerSecond }) => operationsPerSecond);
  return Math.max(...rates) / Math.min(...rates);
}
