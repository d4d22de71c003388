// What a soak has seen, for people to read.

import Table from 'cli-table3';
import type { SoakReport } from './soak.js';

export function tell(report: SoakReport): string {
  const table = new Table({
    head: ['fault', 'times', 'worst staleness, ms', 'recovery p50, ms', 'max, ms'],
    style: { head: [], border: [] },
  });
  for (const { name, count, worst, recoveries } of report.faults.values()) {
    const sorted = [...recoveries].sort((a, b) => a - b);
    const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    table.push([name, count, Math.round(worst), at(0.5), at(1)]);
  }
  const { compared, errors, hitRatio, reads, stuck, violations, worst, writes } = report;
  return [
    table.toString(),
    `${reads} reads, ${writes} writes, ${errors} failed as clients do under such faults`,
    `hit ratio ${hitRatio.toFixed(3)}, worst staleness ${Math.round(worst)} ms, ` +
      `heap at most ${Math.round(report.heapHighWater / 2 ** 20)} MiB`,
    `${stuck} of ${compared} entries stuck at the end, ${violations.length} promises broken`,
    ...violations.slice(0, 20).map((violation) => `  ${violation}`),
  ].join('\n');
}
