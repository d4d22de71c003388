// What a soak has seen, in numbers and for people to read.

import Table from 'cli-table3';
import type { BedName, Fault } from './soak-bed.js';

export interface FaultRow {
  readonly name: string;
  count: number;
  /** Worst staleness of a reply while it lasted and until the next fault. Unit: ms. */
  worst: number;
  /** Of each time and each reader: from the end of the fault until it was answered from memory again. Unit: ms. */
  readonly recoveries: number[];
}

export interface SoakReport {
  readonly bed: BedName;
  reads: number;
  writes: number;
  /** Reads and writes that failed, as they may under these faults. */
  errors: number;
  /** Faults that struck. */
  strokes: number;
  readonly faults: Map<string, FaultRow>;
  /** Recoveries from faults that do no more than end connections; apart those during which the machine had no time. Unit: ms. */
  readonly cuts: { readonly counted: number[]; readonly starved: number[] };
  readonly violations: string[];
  /** What the servers said right after the first of them. */
  testimony: string;
  /** Keys for which a reader was compared with Redis at the end, how many it held, and how many it had wrong for good. */
  compared: number;
  held: number;
  stuck: number;
  /** Loops that waited in vain for a reply. */
  hung: number;
  /** Unit: ms. */
  worst: number;
  hitRatio: number;
  /** Unit: bytes. */
  heapHighWater: number;
  rssHighWater: number;
  entriesHighWater: number;
}

export function emptyReport(bed: BedName): SoakReport {
  return {
    bed,
    reads: 0,
    writes: 0,
    errors: 0,
    strokes: 0,
    faults: new Map(),
    cuts: { counted: [], starved: [] },
    violations: [],
    testimony: '',
    compared: 0,
    held: 0,
    stuck: 0,
    hung: 0,
    worst: 0,
    hitRatio: 0,
    heapHighWater: 0,
    rssHighWater: 0,
    entriesHighWater: 0,
  };
}

export function rowOf({ name }: Pick<Fault, 'name'>): FaultRow {
  return { name, count: 0, worst: 0, recoveries: [] };
}

/** The smallest value that so great a share of all is not above; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

export function isBroken({ hung, stuck, violations }: SoakReport): boolean {
  return violations.length > 0 || stuck > 0 || hung > 0;
}

export function tell(report: SoakReport): string {
  const table = new Table({
    head: ['fault', 'times', 'worst staleness, ms', 'recovery p50, ms', 'p99, ms', 'max, ms'],
    style: { head: [], border: [], compact: true },
  });
  const rows = [...report.faults.values()].sort((a, b) => a.name.localeCompare(b.name));
  for (const { name, count, worst, recoveries } of rows)
    table.push([name, count, Math.round(worst), ...percentiles(recoveries)]);
  const { compared, errors, held, hitRatio, hung, reads, strokes, stuck, violations, worst, writes } = report;
  const { counted, starved } = report.cuts;
  const [p50, p99, max] = percentiles(counted);
  return [
    table.toString(),
    `${reads} reads, ${writes} writes, ${errors} failed as clients do under such faults; ` +
      `${strokes} faults of ${rows.length} kinds`,
    `recovery from a cut: ${counted.length} times, p50 ${p50} ms, p99 ${p99} ms, max ${max} ms; ` +
      `not counted ${starved.length} on a machine too busy to tell, max ${percentiles(starved)[2]} ms`,
    `hit ratio ${hitRatio.toFixed(3)}, worst staleness ${Math.round(worst)} ms; at most ` +
      `${mebibytes(report.heapHighWater)} MiB of heap, ${mebibytes(report.rssHighWater)} MiB in all, ` +
      `${report.entriesHighWater} entries in one cache`,
    `at the end ${stuck} of ${compared} reads stuck (${held} from memory), ${hung} waiting in vain; ` +
      `${violations.length} promises broken`,
    ...violations.slice(0, 20).map((violation) => `  ${violation}`),
    ...(violations.length === 0 ? [] : [`  ${report.testimony}`]),
  ].join('\n');
}

function percentiles(values: readonly number[]): [p50: number, p99: number, max: number] {
  return [
    Math.round(percentile(values, 0.5)),
    Math.round(percentile(values, 0.99)),
    Math.round(percentile(values, 1)),
  ];
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
