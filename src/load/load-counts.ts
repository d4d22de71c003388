// What one loader counts, and the snapshot of it.

/** Upper bounds of the buckets of load times. Unit: ms. */
export const LOAD_TIME_BOUNDS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000,
];

/** How long loads took: a histogram. */
export interface LoadTimeStats {
  /** Loads measured, failed ones too. */
  readonly count: number;
  /** Their times together. Unit: ms. */
  readonly sum: number;
  /** How many took up to so many ms; each counts in all buckets above it too. Those over the last bound are in `count` only. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
}

/** Counters of one loader since it was made. */
export interface LoaderStats {
  /** Times the origin was asked: calls of `load` and `loadMany`. */
  readonly loads: number;
  /** Of these, those that failed or took longer than `timeout`. */
  readonly loadErrors: number;
  /** How long they took. */
  readonly loadTime: LoadTimeStats;
  /** Reads that joined a load, or the way to one, that was under way in this process. */
  readonly coalesced: number;
  /** Fill locks won. */
  readonly lockWon: number;
  /** Loads that found the lock held, and waited for its holder. */
  readonly lockWaited: number;
  /** Of the locks won, those that another holder had before: it failed, died, or lost its value to a change. */
  readonly lockTakenOver: number;
  /** Loads without a lock of their own, because its holder took longer than `lock.wait`. */
  readonly lockFallbacks: number;
  /** Loads past Redis, because it did not answer. */
  readonly redisFallbacks: number;
  /** Reads answered with a value that was stale. */
  readonly staleServed: number;
  /** Loads of values that were still fresh, by `earlyRefresh`. */
  readonly earlyRefreshes: number;
  /** Values loaded and not written: something newer came in between, or the lock was lost. */
  readonly discardedFills: number;
}

type Counter = Exclude<keyof LoaderStats, 'loadTime'>;

export class LoadCounts implements Record<Counter, number> {
  loads = 0;
  loadErrors = 0;
  coalesced = 0;
  lockWon = 0;
  lockWaited = 0;
  lockTakenOver = 0;
  lockFallbacks = 0;
  redisFallbacks = 0;
  staleServed = 0;
  earlyRefreshes = 0;
  discardedFills = 0;

  readonly #buckets = LOAD_TIME_BOUNDS.map(() => 0);
  #measured = 0;
  #sum = 0;
  #usual: number | undefined;

  /** A load took so long. Unit: ms. */
  measure(duration: number, failed: boolean): void {
    this.#measured++;
    this.#sum += duration;
    const bucket = LOAD_TIME_BOUNDS.findIndex((bound) => duration <= bound);
    if (bucket !== -1) this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    if (failed) this.loadErrors++;
    else this.#usual = this.#usual === undefined ? duration : this.#usual + (duration - this.#usual) / WEIGHT;
  }

  /** What a load takes, by those of late; a guess before the first. Unit: ms. */
  get usualLoadTime(): number {
    return this.#usual ?? GUESS;
  }

  snapshot(): LoaderStats {
    let below = 0;
    const buckets = LOAD_TIME_BOUNDS.map((upTo, at) => {
      below += this.#buckets[at] ?? 0;
      return { upTo, count: below };
    });
    const { loads, loadErrors, coalesced, lockWon, lockWaited, lockTakenOver, lockFallbacks } = this;
    const { redisFallbacks, staleServed, earlyRefreshes, discardedFills } = this;
    return {
      loads,
      loadErrors,
      loadTime: { count: this.#measured, sum: this.#sum, buckets },
      coalesced,
      lockWon,
      lockWaited,
      lockTakenOver,
      lockFallbacks,
      redisFallbacks,
      staleServed,
      earlyRefreshes,
      discardedFills,
    };
  }
}

/** A load counts for so much in the mean: about this many are remembered. */
const WEIGHT = 8;
/** Unit: ms. */
const GUESS = 100;
