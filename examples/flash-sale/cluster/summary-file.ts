// The summary of a sale on a cluster as JSON, for programs.

import { writeFileSync } from 'node:fs';
import type { Settings } from '../arguments.js';
import type { ActFigures, Performance } from './acts.js';
import type { ClusterOfTheSale } from './cluster-of-the-sale.js';
import { LEASE } from './shop.js';
import { TARGETS, type Verdict } from './verdict.js';

export function writeSummary(
  file: string,
  { workers, readers, seed, quick }: Settings,
  cluster: ClusterOfTheSale,
  { plain, near, faults, stepsBack }: Performance,
  verdict: Verdict,
): void {
  const { failovers, failedReads, lostWrites } = faults;
  const summary = {
    server: cluster.version,
    node: process.version,
    cluster: true,
    quick,
    workers,
    readers,
    seed,
    leaseMs: LEASE,
    acts: {
      plain: act(plain),
      near: act(near),
      faults: { ...act(faults), failovers, failedReads, lostWrites, stepsBack },
    },
    targets: TARGETS,
    ...verdict,
    verdict: verdict.failures.length === 0 ? 'passed' : 'failed',
  };
  writeFileSync(file, `${JSON.stringify(summary, null, 2)}\n`);
}

function act({ durationMs, score, shards, worstStalenessMs }: ActFigures): object {
  const { readsPerSecond, hitRatio, hitRatios, latency } = score;
  return {
    durationMs,
    readsPerSecond,
    hitRatio,
    hitRatios,
    readP50Micros: latency.readP50,
    readP99Micros: latency.readP99,
    hitP50Micros: latency.hitP50,
    hitP99Micros: latency.hitP99,
    shards,
    worstStalenessMs,
  };
}
