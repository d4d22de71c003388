// The snapshot that `near.stats()` returns: plain, JSON-able, computed when asked for.

import type { Coherence } from '../cache/coherence.js';
import type { Prefix } from '../cache/prefix.js';
import type { LoaderStats } from '../load/load-counts.js';
import type { TrackingStats } from '../tracking/tracking-stats.js';

/** `'connecting'` until the first attempt to track has ended, `'serving'` while hits are possible, `'bypass'` while not. */
export type NearState = 'connecting' | 'serving' | 'bypass' | 'closed';

/** Counters of one prefix since it was registered. Unit: keys read, except where noted. */
export interface PrefixStats {
  /** Answered from memory. */
  readonly hits: number;
  /** Sent to Redis, to be stored. */
  readonly misses: number;
  /** Joined a read that was already on its way. */
  readonly coalesced: number;
  /** Sent to Redis and not stored, because coherence could not be proved or the read asked for it. */
  readonly bypassed: number;
  /** hits / (hits + misses + coalesced + bypassed); 0 when nothing was read. */
  readonly hitRatio: number;
  /** Replies stored. */
  readonly fills: number;
  /** Replies not stored: their key or session changed meanwhile, `cacheNil`, size, or no answer to `PTTL`. */
  readonly discardedFills: number;
  /** Keys that the server said had changed. */
  readonly invalidations: number;
  /** Of these, keys of which nothing was held or on its way: the sign of a prefix that is too coarse. */
  readonly wastedInvalidations: number;
  /** Entries that made room for others. */
  readonly evictions: number;
  /** Entries held now. */
  readonly entries: number;
}

/** What `near.stats()` returns. */
export interface NearStats {
  readonly state: NearState;
  /** Entries held now. */
  readonly entries: number;
  /** Their estimated size, bytes. */
  readonly bytes: number;
  /** The bound of `entries`. */
  readonly maxEntries: number;
  /** The bound of `bytes`. */
  readonly maxBytes: number;
  /** Times the cache was emptied. */
  readonly flushes: number;
  /** Entries that made room for others. */
  readonly evictions: number;
  /** By prefix, as registered. */
  readonly prefixes: Readonly<Record<string, PrefixStats>>;
  /** By the prefix of the loader. */
  readonly loaders: Readonly<Record<string, LoaderStats>>;
  /** One row per tracking connection. */
  readonly tracking: readonly TrackingStats[];
}

export function snapshot(
  state: NearState,
  coherence: Coherence,
  bounds: { readonly maxEntries: number; readonly maxBytes: number },
  tracking: readonly TrackingStats[],
  loaders: Readonly<Record<string, LoaderStats>>,
  asWritten: (prefix: string) => string,
): NearStats {
  const { store, flushes, evictions } = coherence;
  return {
    state,
    entries: store.entries,
    bytes: store.bytes,
    maxEntries: bounds.maxEntries,
    maxBytes: bounds.maxBytes,
    flushes,
    evictions,
    prefixes: Object.fromEntries(
      Array.from(coherence.prefixes.all(), (prefix) => [asWritten(prefix.name), prefixStats(prefix)]),
    ),
    loaders,
    tracking,
  };
}

function prefixStats(prefix: Prefix): PrefixStats {
  const { hits, misses, coalesced, bypassed } = prefix;
  const reads = hits + misses + coalesced + bypassed;
  return {
    hits,
    misses,
    coalesced,
    bypassed,
    hitRatio: reads === 0 ? 0 : hits / reads,
    fills: prefix.fills,
    discardedFills: prefix.discardedFills,
    invalidations: prefix.invalidations,
    wastedInvalidations: prefix.wastedInvalidations,
    evictions: prefix.evictions,
    entries: prefix.entries,
  };
}
