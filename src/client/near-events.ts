// What `redis.near` tells its listeners, and the channels of node:diagnostics_channel: typed maps of small objects,
// never values.

import type { FlushReason } from '../cache/events.js';
import type { NearCacheError } from '../errors.js';
import type { Published } from '../metrics/diagnostics.js';
import type { NearState } from '../metrics/stats.js';
import type { UnfitReason } from '../routing/read-routing.js';
import type { NearCache } from './near-cache.js';

/** Why the state changed. */
export type StateReason =
  | 'connecting'
  | 'armed'
  | 'lost'
  | 'deposed'
  | 'moved'
  | 'refused'
  | 'lease'
  | 'barrier'
  | 'watch'
  | 'coverage'
  | 'disconnected'
  | 'closed';

/**
 * Why a replica answers misses (`'fit'`), or does not: its data connection is not there (`'connection'`), its session is
 * not armed (`'tracking'`), it may be further behind than `routing.maxLag` (`'lag'`), a read there failed within the last
 * second (`'error'`), or its primary has no such replica now (`'gone'`).
 */
export type ReplicaReason = UnfitReason | 'fit' | 'gone';

/** Events of `redis.near`. Small typed objects, never values. */
export interface NearCacheEvents {
  /** The state changed. */
  state: [event: { readonly from: NearState; readonly to: NearState; readonly reason: StateReason }];
  /** A server said that keys changed; `null` stands for all of them. Keys of one turn come together. */
  invalidate: [event: { readonly node: string; readonly keys: readonly string[] | null }];
  /** The cache was emptied. */
  flush: [event: { readonly reason: FlushReason; readonly entries: number }];
  /** A replica answers misses from now on, or no longer. `node` and `primary` are named as in `stats().tracking`. */
  replica: [
    event: {
      readonly node: string;
      readonly primary: string;
      readonly answers: boolean;
      readonly reason: ReplicaReason;
    },
  ];
  /** An entry made room for others. */
  evict: [event: { readonly key: string; readonly prefix: string }];
  /** A loader asked the origin for these keys: it took so long (ms). */
  load: [
    event: {
      readonly prefix: string;
      readonly keys: readonly string[];
      readonly duration: number;
      readonly failed: boolean;
    },
  ];
  /**
   * A loader asks the origin without a lock of its own: its holder took longer than `lock.wait` (`'lock'`), or Redis does
   * not answer (`'redis'`). `waited` is in ms.
   */
  fallback: [
    event: {
      readonly prefix: string;
      readonly key: string;
      readonly reason: 'lock' | 'redis';
      readonly waited: number;
    },
  ];
  /** Something deserves a look; the cache goes on. */
  warning: [event: { readonly code: string; readonly message: string }];
  /** The cache met a fault; reads go on to Redis. */
  error: [error: NearCacheError];
}

/**
 * Messages on the channels of `node:diagnostics_channel`, by the channel's name: the payloads of
 * {@link NearCacheEvents} plus `near`, the cache that they come from. An error is in `error`.
 */
export type NearCacheChannels = {
  readonly [E in Published as `redis-near-cache:${E}`]: { readonly near: NearCache } & (E extends 'error'
    ? { readonly error: NearCacheError }
    : NearCacheEvents[E][0]);
};
