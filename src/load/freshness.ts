// What the time that a key has left in Redis says of its value. A value carries no date: it is written with `ttl` plus the
// stale window, so it is stale from when less than the window is left.

import { span } from './early-refresh.js';
import { type ResolvedLoader, windowOf } from './loader-options.js';

/** A value as it was found in Redis. Moments are on the cache's clock, ms. */
export interface Found<T> {
  /** `null`: the origin said that there is none. */
  readonly value: T | null;
  /** Up to here it is fresh. */
  readonly freshUntil: number;
  /** Up to here it may be served while somebody loads it anew. */
  readonly staleUntil: number;
  /** Up to here it may be served if the origin fails. */
  readonly errorUntil: number;
}

/** @param goneAt when the key expires; infinite if it does not, as when another program wrote it */
export function foundUntil<T>(value: T | null, goneAt: number, options: ResolvedLoader<T>): Found<T> {
  // An absence has no stale window.
  const freshUntil = value === null ? goneAt : goneAt - windowOf(options);
  return {
    value,
    freshUntil,
    staleUntil: value === null ? goneAt : freshUntil + options.staleWhileRevalidate,
    errorUntil: value === null ? goneAt : freshUntil + options.staleIfError,
  };
}

/** From when on it matters how much time is left. Before, a hit asks nothing. */
export function agesFrom<T>(
  { freshUntil, value }: Found<T>,
  { beta }: ResolvedLoader<T>,
  loadTime: number,
): number {
  return beta === undefined || value === null ? freshUntil : freshUntil - span(loadTime, beta);
}

/** For how long a value is written, jitter and stale window included; 0: it is not to be kept. Unit: whole ms. */
export function lifeOf<T>(value: T | null, options: ResolvedLoader<T>, random: () => number): number {
  const { jitter, nilTtl, ttl } = options;
  const life = (value === null ? nilTtl : ttl) * (1 - jitter * random());
  return Math.ceil(value === null ? life : life + windowOf(options));
}
