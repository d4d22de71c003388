// The summary as JSON, for programs.

import { writeFileSync } from 'node:fs';
import type { ActFigures, Performance } from './acts.js';
import type { Settings } from './arguments.js';
import type { RedisOfTheSale } from './redis-of-the-sale.js';
import { LEASE } from './shop.js';
import { TARGETS, type Verdict } from './verdict.js';

export function writeSummary(
  file: string,
  { workers, readers, seed, quick }: Settings,
  redis: RedisOfTheSale,
  { plain, near, faults }: Performance,
  verdict: Verdict,
): void {
  const { bypassMs, flushes, flushedEntries, recoveries } = faults;
  const summary = {
    server: redis.version,
    node: process.version,
    freezing: redis.freezing,
    quick,
    workers,
    readers,
    seed,
    leaseMs: LEASE,
    acts: {
      plain: act(plain),
      near: act(near),
      faults: { ...act(faults), bypassMs, flushes, flushedEntries, recoveries },
    },
    targets: TARGETS,
    ...verdict,
    verdict: verdict.failures.length === 0 ? 'passed' : 'failed',
  };
  writeFileSync(file, `${JSON.stringify(summary, null, 2)}\n`);
}

function act(figures: ActFigures): object {
  const { durationMs, score, hotGetsPerSecond, readCommandsPerSecond, worstStalenessMs, stepsBack } = figures;
  const { readsPerSecond, hitRatio, hitRatios, latency } = score;
  return {
    durationMs,
    readsPerSecond,
    hotGetsPerSecond,
    readCommandsPerSecond,
    hitRatio,
    hitRatios,
    readP50Micros: latency.readP50,
    readP99Micros: latency.readP99,
    hitP50Micros: latency.hitP50,
    hitP99Micros: latency.hitP99,
    worstStalenessMs,
    stepsBack,
  };
}
