// What a benchmark is made of: contestants that do the same work, each in a process of its own, in rounds that take turns.

import { Bench } from 'tinybench';

/** What a contestant is given. */
export interface Setting {
  /** Of an empty server that nobody else uses. */
  readonly url: string;
  readonly port: number;
}

/** By the names of the suite's metrics. */
export type Figures = Readonly<Record<string, number>>;

export interface Contestant {
  /** One round. */
  round(): Promise<Figures>;
  close(): Promise<unknown> | unknown;
}

export interface Metric {
  readonly unit: string;
  readonly better: 'lower' | 'higher';
}

export interface Suite {
  readonly title: string;
  /** What is done and measured, in a sentence. */
  readonly what: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Who the others are compared with. */
  readonly base: string;
  readonly rounds: number;
  /** A process for each round, because the first time counts. */
  readonly fresh?: boolean;
  readonly contestants: Readonly<Record<string, (setting: Setting) => Promise<Contestant>>>;
}

/** Of a long body too. */
const FEWEST = 5;

/** Median time of one call, where `body` does `calls` of them. Unit: ns. */
export async function perCall(calls: number, body: () => unknown, time = 100): Promise<number> {
  const bench = new Bench({ time, iterations: FEWEST, warmup: false, throws: true, retainSamples: true });
  bench.add('round', body);
  const [task] = await bench.run();
  const result = task?.result;
  if (result === undefined || !('latency' in result)) throw new Error('Nothing was measured.');
  return (result.latency.p50 * 1e6) / calls;
}

/** A contestant whose rounds are the time of a call. */
export function timed(calls: number, body: () => unknown, close: () => unknown, time?: number): Contestant {
  return { round: async () => ({ time: await perCall(calls, body, time) }), close };
}

export const TIME = { time: { unit: 'ns', better: 'lower' } } as const;
