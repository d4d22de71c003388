// The options of a loader as a contract: types with their documentation, defaults, checks.

import type { Codec, StandardSchema } from '../codec.js';
import { json } from '../codec.js';
import { NearCacheError } from '../errors.js';
import {
  assertAll,
  assertOption,
  boolean,
  type Check,
  CODEC_CHECKS,
  duration,
  func,
  record,
  TIMER_MAX,
  text,
  wellFormed,
  whole,
} from '../option-checks.js';

/** What {@link LoaderOptions.load} is told beside the id. */
export interface LoadContext {
  /** `prefix + id`. */
  readonly key: string;
  /** Aborts when the load has taken longer than `timeout`: nobody waits any more. */
  readonly signal: AbortSignal;
}

/** What {@link LoaderOptions.loadMany} is told beside the ids. */
export interface LoadManyContext {
  /** `prefix + id` of each. */
  readonly keys: readonly string[];
  /** Aborts when the load has taken longer than `timeout`: nobody waits any more. */
  readonly signal: AbortSignal;
}

/** How processes agree on who loads: see {@link LoaderOptions.lock}. */
export interface LockOptions {
  /** A holder that is gone stands in the way for at most this long; from 20 ms. Default: 2 000 ms. */
  readonly ttl?: number;
  /** After so long a waiter loads by itself. Default: 5 000 ms. */
  readonly wait?: number;
  /**
   * A holder whose load takes longer than a third of `ttl` extends the lock, until `timeout` ends the load. Without, a load that takes
   * longer than `ttl` loses its lock, and its value is not written. Default: `true`.
   */
  readonly extend?: boolean;
}

/** Options of `near.loader()`. All durations are milliseconds. Checked at construction (`ERR_NEAR_OPTION`). */
export interface LoaderOptions<T> {
  /** Keys are `prefix + id`. Must be registered, or lie under a prefix that is. */
  readonly prefix: string;
  /** Asks the origin. `null` means that there is no such thing; that is remembered for `nilTtl`. */
  readonly load: (id: string, context: LoadContext) => T | null | Promise<T | null>;
  /** The same for several, in their order, for what `getMany()` misses. Default: `load` for each. */
  readonly loadMany?: (
    ids: readonly string[],
    context: LoadManyContext,
  ) => readonly (T | null)[] | Promise<readonly (T | null)[]>;
  /** How long a value is fresh, at most: see `jitter`. */
  readonly ttl: number;
  /**
   * Each `ttl` is shortened by a random share of up to this, so that what was written together does not expire together;
   * from 0 to 1. Default: 0.1.
   */
  readonly jitter?: number;
  /** For so long after `ttl` a value is served at once while one process loads it anew. Default: 0 ms. */
  readonly staleWhileRevalidate?: number;
  /** For so long after `ttl` a value is served if the origin fails. Default: 0 ms. */
  readonly staleIfError?: number;
  /**
   * Loads a value anew shortly before its `ttl` is over, by chance: the sooner the end, the longer a load takes and the more
   * it is read, the more likely. `beta` above 1 is earlier, below 1 later. Default: off.
   */
  readonly earlyRefresh?: { readonly beta: number };
  /** Makes one process load for all. `false`: each process loads for itself. Default: on. */
  readonly lock?: LockOptions | false;
  /** How long an absence is remembered; 0: not at all. Default: `ttl`, but no more than 10 000 ms. */
  readonly nilTtl?: number;
  /** The text in Redis that stands for an absence. The codec must write it for nothing else. Default: `'null'`. */
  readonly nil?: string;
  /** A load that takes longer fails with `ERR_NEAR_LOAD_TIMEOUT`. Default: 5 000 ms. */
  readonly timeout?: number;
  /** More loads than this wait for their turn, in this process. Default: 100. */
  readonly maxConcurrentLoads?: number;
  /** If Redis gives no answer for so long, the origin is asked without it. Default: 1 000 ms. */
  readonly redisTimeout?: number;
  /** How values become text and back. Default: that of the registered prefix, else `json`. */
  readonly codec?: Codec<T> | undefined;
  /** What every value must pass, when read and before it is written. It must accept what it returns. Default: that of the registered prefix. */
  readonly schema?: StandardSchema<T> | undefined;
}

/** Options of {@link Loader.get}. */
export interface LoaderGetOptions {
  /** Ends this caller's wait; the load goes on for others. */
  readonly signal?: AbortSignal;
  /** Ask the origin, whatever is held: the load begins after this call. Default: `false`. */
  readonly forceFresh?: boolean;
}

/** Options with every default filled in. */
export interface ResolvedLoader<T> {
  readonly prefix: string;
  readonly load: LoaderOptions<T>['load'];
  readonly loadMany: LoaderOptions<T>['loadMany'];
  readonly ttl: number;
  readonly jitter: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly beta: number | undefined;
  readonly lock: Required<LockOptions> | undefined;
  readonly nilTtl: number;
  readonly nil: string;
  readonly timeout: number;
  readonly maxConcurrentLoads: number;
  readonly redisTimeout: number;
  readonly codec: Codec<T>;
  readonly schema: StandardSchema<T> | undefined;
}

const DEFAULTS = Object.freeze({
  jitter: 0.1,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  nilTtl: 10_000,
  nil: 'null',
  timeout: 5_000,
  maxConcurrentLoads: 100,
  redisTimeout: 1_000,
});

const LOCK_DEFAULTS = Object.freeze({ ttl: 2_000, wait: 5_000, extend: true });

const fraction: Check = {
  expected: 'a number from 0 to 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
};

const CHECKS: Readonly<Record<string, Check>> = {
  prefix: wellFormed,
  load: func,
  loadMany: func,
  ttl: duration(1),
  jitter: fraction,
  staleWhileRevalidate: duration(0),
  staleIfError: duration(0),
  earlyRefresh: record,
  lock: {
    expected: 'false or an object',
    accepts: (value) => value === false || record.accepts(value),
  },
  nilTtl: duration(0),
  nil: text,
  timeout: duration(1),
  maxConcurrentLoads: whole(1, 2 ** 31 - 1, 'loads'),
  redisTimeout: duration(1),
  ...CODEC_CHECKS,
};

const LOCK_CHECKS: Readonly<Record<string, Check>> = {
  ttl: duration(20),
  wait: duration(0),
  extend: boolean,
};

const beta: Check = {
  expected: 'a number above 0, up to 1 000',
  accepts: (value) => typeof value === 'number' && value > 0 && value <= 1_000,
};

/** @throws NearCacheError `ERR_NEAR_OPTION` */
export function checkLoader(options: object): void {
  assertOption('loader options', options, record);
  assertAll('', options, CHECKS);
  assertOption('prefix', Reflect.get(options, 'prefix'), wellFormed);
}

/**
 * Checks the options and fills in what is left out.
 * @throws NearCacheError `ERR_NEAR_OPTION`
 */
export function resolveLoader<T>(options: LoaderOptions<T>): ResolvedLoader<T> {
  checkLoader(options);
  const { earlyRefresh, lock, prefix, load, loadMany, ttl } = options;
  assertOption('load', load, func);
  assertOption('ttl', ttl, duration(1));
  if (earlyRefresh !== undefined) {
    assertAll('earlyRefresh.', earlyRefresh, { beta });
    assertOption('earlyRefresh.beta', earlyRefresh.beta, beta);
  }
  if (lock) assertAll('lock.', lock, LOCK_CHECKS);
  const timeout = options.timeout ?? DEFAULTS.timeout;
  const resolved = {
    prefix,
    load,
    loadMany,
    ttl,
    jitter: options.jitter ?? DEFAULTS.jitter,
    staleWhileRevalidate: options.staleWhileRevalidate ?? DEFAULTS.staleWhileRevalidate,
    staleIfError: options.staleIfError ?? DEFAULTS.staleIfError,
    beta: earlyRefresh?.beta,
    lock: lock === false ? undefined : resolveLock(lock ?? {}),
    nilTtl: options.nilTtl ?? Math.min(ttl, DEFAULTS.nilTtl),
    nil: options.nil ?? DEFAULTS.nil,
    timeout,
    maxConcurrentLoads: options.maxConcurrentLoads ?? DEFAULTS.maxConcurrentLoads,
    redisTimeout: options.redisTimeout ?? DEFAULTS.redisTimeout,
    codec: options.codec ?? (json as Codec<T>),
    schema: options.schema,
  };
  if (ttl + windowOf(resolved) > TIMER_MAX) {
    throw new NearCacheError(
      'ERR_NEAR_OPTION',
      `Options ttl and staleWhileRevalidate or staleIfError must come to no more than ${TIMER_MAX} ms together.`,
    );
  }
  return Object.freeze(resolved);
}

function resolveLock({ ttl, wait, extend }: LockOptions): Required<LockOptions> {
  return Object.freeze({
    ttl: ttl ?? LOCK_DEFAULTS.ttl,
    wait: wait ?? LOCK_DEFAULTS.wait,
    extend: extend ?? LOCK_DEFAULTS.extend,
  });
}

/** For how long after its time a value stays in Redis. Unit: ms. */
export function windowOf(options: {
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}): number {
  return Math.max(options.staleWhileRevalidate, options.staleIfError);
}
