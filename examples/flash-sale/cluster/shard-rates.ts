// What reaches each shard per second: between any two counts, and for the live view between the last two.

import { monotonic } from '../clock.js';
import type { Gauge, Gauges } from '../gauges.js';
import { SILENCE } from '../hot-gets.js';
import type { ClusterOfTheSale, ShardCounts } from './cluster-of-the-sale.js';

export interface ShardRate {
  readonly shard: number;
  readonly isHot: boolean;
  readonly operationsPerSecond: number;
  readonly readsPerSecond: number;
}

type Counts = readonly (ShardCounts | undefined)[];

export class ShardRates implements Gauges {
  readonly #cluster: ClusterOfTheSale;
  #asking = false;
  #before: Counts = [];
  #last: Counts = [];

  constructor(cluster: ClusterOfTheSale) {
    this.#cluster = cluster;
  }

  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const counts = await this.#cluster.counts();
    this.#before = this.#last;
    this.#last = counts;
    this.#asking = false;
  }

  read(): readonly Gauge[] {
    return this.#cluster.shards.map(({ number, isHot }, index) => {
      const [before, last] = [this.#before[index], this.#last[index]];
      const silent = last === undefined || monotonic() - last.at > SILENCE;
      const perSecond = silent ? undefined : rate(before, last, 'operations');
      return { name: `shard ${number}${isHot ? ' (hot)' : ''} ops/s`, perSecond };
    });
  }

  /** @throws Error if a shard did not answer */
  between(before: Counts, after: Counts): ShardRate[] {
    return this.#cluster.shards.map(({ number, isHot }, index) => {
      const operationsPerSecond = rate(before[index], after[index], 'operations');
      const readsPerSecond = rate(before[index], after[index], 'reads');
      if (operationsPerSecond === undefined || readsPerSecond === undefined)
        throw new Error(`Shard ${number} does not tell its counts.`);
      return { shard: number, isHot, operationsPerSecond, readsPerSecond };
    });
  }
}

/** `undefined` as well if another node counts since: one that took over has counted other things. */
function rate(
  before: ShardCounts | undefined,
  after: ShardCounts | undefined,
  figure: 'operations' | 'reads',
): number | undefined {
  if (before === undefined || after === undefined || after[figure] < before[figure]) return undefined;
  return ((after[figure] - before[figure]) / (after.at - before.at)) * 1_000;
}
