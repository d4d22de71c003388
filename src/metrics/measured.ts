// A near cache as exporters see it: its numbers, one snapshot for all that is asked for in one go, and the time it
// spent in bypass. Knows no format of any exporter.

import type { NearState, NearStats } from './stats.js';

/** What a load tells. */
export interface MeasuredLoad {
  /** Of the loader. */
  readonly prefix: string;
  /** Unit: ms. */
  readonly duration: number;
}

/** What every near cache has, too: who stands in for one need not. */
export interface LoadTeller {
  on(event: 'load', listener: (event: MeasuredLoad) => void): unknown;
  off(event: 'load', listener: (event: MeasuredLoad) => void): unknown;
}

/** What an exporter needs of `redis.near`; every near cache has it. */
export interface MeasurableCache {
  /** Its numbers now. */
  stats(): NearStats;
  /** To be told when its state changes. */
  on(event: 'state', listener: (event: { readonly to: NearState }) => void): unknown;
  /** Not to be told any more. */
  off(event: 'state', listener: (event: { readonly to: NearState }) => void): unknown;
}

/** One reading: what `stats()` says, and what it cannot know. */
export interface Reading extends NearStats {
  /** Time since the measuring began in which reads went past the cache though it was not closed. Unit: ms. */
  readonly bypassTime: number;
}

export class MeasuredCache {
  readonly #cache: MeasurableCache;
  readonly #clock: () => number;
  #state: NearState;
  /** Up to when `#bypassTime` has been counted. */
  #since: number;
  #bypassTime = 0;
  #reading: Reading | undefined;

  constructor(cache: MeasurableCache, clock = () => performance.now()) {
    this.#cache = cache;
    this.#clock = clock;
    this.#since = clock();
    this.#state = cache.stats().state;
    cache.on('state', this.#follow);
  }

  /** The same for all who ask in one synchronous run: a scrape asks once per metric. */
  read(): Reading {
    if (this.#reading === undefined) {
      const stats = this.#cache.stats();
      this.#enter(stats.state);
      this.#reading = { ...stats, bypassTime: this.#bypassTime };
      queueMicrotask(() => {
        this.#reading = undefined;
      });
    }
    return this.#reading;
  }

  stop(): void {
    this.#cache.off('state', this.#follow);
  }

  readonly #follow = ({ to }: { readonly to: NearState }): void => this.#enter(to);

  #enter(state: NearState): void {
    const now = this.#clock();
    if (this.#state === 'bypass' || this.#state === 'connecting') this.#bypassTime += now - this.#since;
    this.#since = now;
    this.#state = state;
  }
}
