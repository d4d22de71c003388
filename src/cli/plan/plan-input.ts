// What the calculator is asked: a fleet, its traffic and its servers. Plain figures; the command line is read elsewhere.

/** What one registered prefix is written to. */
export interface PlannedPrefix {
  readonly name: string;
  /** Its part of all writes, from 0 to 1. */
  readonly share: number;
}

/** A fleet of processes with near caches, and what it does. All rates are per second, of the whole fleet. */
export interface PlanInput {
  readonly processes: number;
  /** Of all keys, under the prefixes or not. */
  readonly writes: number;
  /** Of keys under the prefixes. */
  readonly reads: number;
  /** Every process registers all of them. Their parts of the writes add up to 1 at most. */
  readonly prefixes: readonly PlannedPrefix[];
  /** Length of a key, without the frame around it. Unit: bytes. */
  readonly keyLength: number;
  /** Commands that one connection sends together: 1 when they are sent one by one, more when they are pipelined. */
  readonly batch: number;
  /** Distinct keys under the prefixes that are read. */
  readonly keys: number;
  /** How reads concentrate on few keys: exponent of Zipf's law, 0 for all keys alike. */
  readonly skew: number;
  /** As `stats()` shows it; `undefined` to derive it from keys, reads, writes and processes. */
  readonly hitRatio: number | undefined;
  /** Part of the invalidations that no process has a use for, as `stats()` shows them. */
  readonly wasted: number;
  readonly primaries: number;
  /** Of each primary. */
  readonly replicas: number;
  /** Processes on one host. */
  readonly perHost: number;
  readonly noLoop: boolean;
  /** Life of a reply where there is no tracking. Unit: ms. */
  readonly ttl: number;
  /** Part of one core that a node may be busy. */
  readonly ceiling: number;
  /** How fast a core of the servers is, compared with the one that was measured. */
  readonly speed: number;
}

/** What counts unless it is said. `processes`, `writes` and `reads` must be said. */
export const PLAN_DEFAULTS: Omit<PlanInput, 'processes' | 'writes' | 'reads' | 'prefixes'> = Object.freeze({
  keyLength: 24,
  batch: 1,
  keys: 10_000,
  skew: 1,
  hitRatio: undefined,
  wasted: 0.5,
  primaries: 1,
  replicas: 0,
  perHost: 8,
  noLoop: true,
  ttl: 1_000,
  ceiling: 0.7,
  speed: 1,
});
