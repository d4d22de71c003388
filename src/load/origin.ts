// Asks the origin: a bounded number of loads at once, each with a time limit, each measured. Knows no cache and no lock.

import { NearCacheError } from '../errors.js';
import type { LoadCounts } from './load-counts.js';
import type { ResolvedLoader } from './loader-options.js';

/** A load has ended. */
export interface Loaded {
  readonly keys: readonly string[];
  /** Unit: ms. */
  readonly duration: number;
  readonly failed: boolean;
}

export interface OriginParts {
  readonly counts: LoadCounts;
  readonly now: () => number;
  readonly loaded: (event: Loaded) => void;
}

export class Origin<T> {
  readonly #options: ResolvedLoader<T>;
  readonly #parts: OriginParts;
  #free: number;
  /** Those who wait for their turn. */
  readonly #queue: (() => void)[] = [];

  constructor(options: ResolvedLoader<T>, parts: OriginParts) {
    this.#options = options;
    this.#parts = parts;
    this.#free = options.maxConcurrentLoads;
  }

  get loadsMany(): boolean {
    return this.#options.loadMany !== undefined;
  }

  /** @throws NearCacheError `ERR_NEAR_LOAD`, `ERR_NEAR_LOAD_TIMEOUT` */
  async load(id: string): Promise<T | null> {
    const { load, prefix } = this.#options;
    const key = prefix + id;
    return this.#measured([key], async (signal) => (await load(id, { key, signal })) ?? null);
  }

  /** In the order of the ids. @throws NearCacheError `ERR_NEAR_LOAD`, `ERR_NEAR_LOAD_TIMEOUT` */
  async loadMany(ids: readonly string[]): Promise<readonly (T | null)[]> {
    const { loadMany, prefix } = this.#options;
    if (loadMany === undefined) return Promise.all(ids.map((id) => this.load(id)));
    const keys = ids.map((id) => prefix + id);
    return this.#measured(keys, async (signal) => {
      const values = await loadMany(ids, { keys, signal });
      if (Array.isArray(values) && values.length === ids.length) return values.map((value) => value ?? null);
      throw new TypeError(
        `loadMany must return an array with one value or null for each of the ${ids.length} ids, in their order.`,
      );
    });
  }

  async #measured<R>(keys: readonly string[], load: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const { counts, loaded, now } = this.#parts;
    await this.#turn();
    const start = now();
    let failed = true;
    counts.loads++;
    try {
      const result = await this.#limited(keys, load);
      failed = false;
      return result;
    } finally {
      this.#done();
      const duration = now() - start;
      counts.measure(duration, failed);
      loaded({ keys, duration, failed });
    }
  }

  async #limited<R>(keys: readonly string[], load: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const { timeout } = this.#options;
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new NearCacheError(
          'ERR_NEAR_LOAD_TIMEOUT',
          `The load of ${named(keys)} took longer than timeout (${timeout} ms). Raise it, or make the origin answer sooner.`,
        );
        reject(error);
        abort.abort(error);
      }, timeout);
    });
    try {
      return await Promise.race([load(abort.signal), late]);
    } catch (cause) {
      if (cause instanceof NearCacheError && cause.code === 'ERR_NEAR_LOAD_TIMEOUT') throw cause;
      throw new NearCacheError('ERR_NEAR_LOAD', `The load of ${named(keys)} failed: see cause.`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async #turn(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #done(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

function named([first, ...others]: readonly string[]): string {
  const name = JSON.stringify(first);
  return others.length === 0 ? name : `${name} and ${others.length} more`;
}

/** Several ids that were missed together: one load for those that still need it when all have found out. */
export class LoadBatch<T> {
  readonly #origin: Origin<T>;
  readonly #waiting: {
    readonly id: string;
    readonly resolve: (value: T | null) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  #undecided: number;

  constructor(origin: Origin<T>, size: number) {
    this.#origin = origin;
    this.#undecided = size;
  }

  load(id: string): Promise<T | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      this.#decided();
    });
  }

  /** One id needs no load, or not now. */
  pass(): void {
    this.#decided();
  }

  #decided(): void {
    this.#undecided--;
    if (this.#undecided > 0 || this.#waiting.length === 0) return;
    this.#origin.loadMany(this.#waiting.map(({ id }) => id)).then(
      (values) => {
        for (const [at, { resolve }] of this.#waiting.entries()) resolve(values[at] ?? null);
      },
      (error: unknown) => {
        for (const { reject } of this.#waiting) reject(error);
      },
    );
  }
}
