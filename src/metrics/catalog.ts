// Every metric that exporters offer: its name in each convention, and how it is read. Base units throughout: seconds,
// bytes. No metric is labelled by key, so the number of series is bounded by prefixes and nodes.

import type { LoaderStats } from '../load/load-counts.js';
import type { TrackingStats } from '../tracking/tracking-stats.js';
import type { Reading } from './measured.js';
import type { NearState, PrefixStats } from './stats.js';

export type Dimension = 'prefix' | 'node' | 'role' | 'state';

export interface Point {
  readonly labels: Readonly<Partial<Record<Dimension, string>>>;
  readonly value: number;
}

/** How values are spread. Each bucket counts what those below it count, too. */
export interface Distribution {
  readonly labels: Point['labels'];
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
}

export interface Metric {
  /** In Prometheus. */
  readonly name: string;
  /** In OpenTelemetry. Metrics that share a name there differ by `result`. */
  readonly otel: { readonly name: string; readonly unit: string; readonly result?: string };
  /** `'sum'`: rises and falls, and adds up over caches. `'gauge'`: adding up would mean nothing. `'histogram'`: see `distributions`. */
  readonly type: 'counter' | 'sum' | 'gauge' | 'histogram';
  readonly dimensions: readonly Dimension[];
  readonly help: string;
  points(reading: Reading): readonly Point[];
  /** Of a histogram. */
  distributions?(reading: Reading): readonly Distribution[];
}

type Described = Omit<Metric, 'dimensions' | 'points' | 'distributions'>;

const STATES: readonly NearState[] = ['connecting', 'serving', 'bypass', 'closed'];

const REQUESTS = 'redis.near_cache.requests';

export const METRICS: readonly Metric[] = [
  perPrefix('hits', {
    name: 'redis_near_cache_hits_total',
    otel: { name: REQUESTS, unit: '{request}', result: 'hit' },
    type: 'counter',
    help: 'Keys read that were answered from memory',
  }),
  perPrefix('misses', {
    name: 'redis_near_cache_misses_total',
    otel: { name: REQUESTS, unit: '{request}', result: 'miss' },
    type: 'counter',
    help: 'Keys read that were sent to Redis, to be stored',
  }),
  perPrefix('coalesced', {
    name: 'redis_near_cache_coalesced_total',
    otel: { name: REQUESTS, unit: '{request}', result: 'coalesced' },
    type: 'counter',
    help: 'Keys read that joined a read already on its way',
  }),
  perPrefix('bypassed', {
    name: 'redis_near_cache_bypassed_total',
    otel: { name: REQUESTS, unit: '{request}', result: 'bypassed' },
    type: 'counter',
    help: 'Keys read that were sent to Redis and not stored',
  }),
  perPrefix('fills', {
    name: 'redis_near_cache_fills_total',
    otel: { name: 'redis.near_cache.fills', unit: '{reply}' },
    type: 'counter',
    help: 'Replies stored',
  }),
  perPrefix('discardedFills', {
    name: 'redis_near_cache_discarded_fills_total',
    otel: { name: 'redis.near_cache.discarded_fills', unit: '{reply}' },
    type: 'counter',
    help: 'Replies not stored: something changed meanwhile, cacheNil, size, or no answer to PTTL',
  }),
  perPrefix('invalidations', {
    name: 'redis_near_cache_invalidations_total',
    otel: { name: 'redis.near_cache.invalidations', unit: '{key}' },
    type: 'counter',
    help: 'Keys that the server said had changed',
  }),
  perPrefix('wastedInvalidations', {
    name: 'redis_near_cache_wasted_invalidations_total',
    otel: { name: 'redis.near_cache.wasted_invalidations', unit: '{key}' },
    type: 'counter',
    help: 'Of the invalidations, keys that were neither held nor on their way',
  }),
  perPrefix('evictions', {
    name: 'redis_near_cache_evictions_total',
    otel: { name: 'redis.near_cache.evictions', unit: '{entry}' },
    type: 'counter',
    help: 'Entries that made room for others',
  }),
  perPrefix('entries', {
    name: 'redis_near_cache_entries',
    otel: { name: 'redis.near_cache.entry.count', unit: '{entry}' },
    type: 'sum',
    help: 'Entries held now',
  }),
  perCache(({ maxEntries }) => maxEntries, {
    name: 'redis_near_cache_max_entries',
    otel: { name: 'redis.near_cache.entry.limit', unit: '{entry}' },
    type: 'sum',
    help: 'Bound of the entries of all prefixes together',
  }),
  perCache(({ bytes }) => bytes, {
    name: 'redis_near_cache_size_bytes',
    otel: { name: 'redis.near_cache.memory.usage', unit: 'By' },
    type: 'sum',
    help: 'Estimated size of the keys and replies held now',
  }),
  perCache(({ maxBytes }) => maxBytes, {
    name: 'redis_near_cache_max_size_bytes',
    otel: { name: 'redis.near_cache.memory.limit', unit: 'By' },
    type: 'sum',
    help: 'Bound of the estimated size',
  }),
  perCache(({ flushes }) => flushes, {
    name: 'redis_near_cache_flushes_total',
    otel: { name: 'redis.near_cache.flushes', unit: '{flush}' },
    type: 'counter',
    help: 'Times the whole cache was emptied',
  }),
  {
    name: 'redis_near_cache_state',
    otel: { name: 'redis.near_cache.status', unit: '1' },
    type: 'sum',
    dimensions: ['state'],
    help: '1 for the state that the cache is in, 0 for the others',
    points: ({ state }) => STATES.map((each) => ({ labels: { state: each }, value: each === state ? 1 : 0 })),
  },
  perCache(({ bypassTime }) => seconds(bypassTime), {
    name: 'redis_near_cache_bypass_seconds_total',
    otel: { name: 'redis.near_cache.bypass.time', unit: 's' },
    type: 'counter',
    help: 'Time in which all reads went to Redis though the cache was not closed: connecting or bypass',
  }),
  perLoader('loads', {
    name: 'redis_near_cache_loads_total',
    otel: { name: 'redis.near_cache.loads', unit: '{load}' },
    type: 'counter',
    help: 'Times a loader asked its origin',
  }),
  perLoader('loadErrors', {
    name: 'redis_near_cache_load_errors_total',
    otel: { name: 'redis.near_cache.load.errors', unit: '{load}' },
    type: 'counter',
    help: 'Of these, those that failed or took too long',
  }),
  perLoader('coalesced', {
    name: 'redis_near_cache_load_coalesced_total',
    otel: { name: 'redis.near_cache.load.coalesced', unit: '{request}' },
    type: 'counter',
    help: 'Reads that joined a load, or the way to one, in this process',
  }),
  perLoader('lockWon', {
    name: 'redis_near_cache_load_lock_won_total',
    otel: { name: 'redis.near_cache.load.lock.won', unit: '{lock}' },
    type: 'counter',
    help: 'Fill locks won',
  }),
  perLoader('lockWaited', {
    name: 'redis_near_cache_load_lock_waited_total',
    otel: { name: 'redis.near_cache.load.lock.waited', unit: '{load}' },
    type: 'counter',
    help: 'Loads that waited for another holder of the lock',
  }),
  perLoader('lockTakenOver', {
    name: 'redis_near_cache_load_lock_taken_over_total',
    otel: { name: 'redis.near_cache.load.lock.taken_over', unit: '{lock}' },
    type: 'counter',
    help: 'Fill locks won after another holder failed, died or lost its value to a change',
  }),
  perLoader('lockFallbacks', {
    name: 'redis_near_cache_load_lock_fallbacks_total',
    otel: { name: 'redis.near_cache.load.lock.fallbacks', unit: '{load}' },
    type: 'counter',
    help: 'Loads without a lock, because its holder took too long',
  }),
  perLoader('redisFallbacks', {
    name: 'redis_near_cache_load_redis_fallbacks_total',
    otel: { name: 'redis.near_cache.load.redis.fallbacks', unit: '{load}' },
    type: 'counter',
    help: 'Loads past Redis, because it did not answer',
  }),
  perLoader('staleServed', {
    name: 'redis_near_cache_load_stale_served_total',
    otel: { name: 'redis.near_cache.load.stale.served', unit: '{request}' },
    type: 'counter',
    help: 'Reads answered with a stale value',
  }),
  perLoader('earlyRefreshes', {
    name: 'redis_near_cache_load_early_refreshes_total',
    otel: { name: 'redis.near_cache.load.early_refreshes', unit: '{load}' },
    type: 'counter',
    help: 'Loads of values that were still fresh',
  }),
  perLoader('discardedFills', {
    name: 'redis_near_cache_load_discarded_fills_total',
    otel: { name: 'redis.near_cache.load.discarded_fills', unit: '{load}' },
    type: 'counter',
    help: 'Values loaded and not written: something newer came, or the lock was lost',
  }),
  {
    name: 'redis_near_cache_load_duration_seconds',
    otel: { name: 'redis.near_cache.load.duration', unit: 's' },
    type: 'histogram',
    dimensions: ['prefix'],
    help: 'How long loads took',
    points: () => [],
    distributions: ({ loaders }) =>
      Object.entries(loaders).map(([prefix, { loadTime }]) => ({
        labels: { prefix },
        count: loadTime.count,
        sum: seconds(loadTime.sum),
        buckets: loadTime.buckets.map(({ upTo, count }) => ({ upTo: seconds(upTo), count })),
      })),
  },
  perNode(({ state }) => (state === 'armed' ? 1 : 0), {
    name: 'redis_near_cache_tracking_up',
    otel: { name: 'redis.near_cache.tracking.up', unit: '1' },
    type: 'sum',
    help: '1 while the server tracks for this connection, else 0',
  }),
  perNode(({ rtt }) => (rtt === null ? undefined : seconds(rtt)), {
    name: 'redis_near_cache_tracking_rtt_seconds',
    otel: { name: 'redis.near_cache.tracking.rtt', unit: 's' },
    type: 'gauge',
    help: 'Round trip of the last heartbeat; absent before the first',
  }),
  perNode(({ leaseRemaining }) => seconds(leaseRemaining), {
    name: 'redis_near_cache_tracking_lease_remaining_seconds',
    otel: { name: 'redis.near_cache.tracking.lease.remaining', unit: 's' },
    type: 'gauge',
    help: 'For how long entries may be served without another proof of life',
  }),
  perNode(({ reconnects }) => reconnects, {
    name: 'redis_near_cache_tracking_reconnects_total',
    otel: { name: 'redis.near_cache.tracking.reconnects', unit: '{reconnect}' },
    type: 'counter',
    help: 'Times the tracking connection came back after a loss',
  }),
  perNode(({ invalidations }) => invalidations, {
    name: 'redis_near_cache_tracking_invalidations_total',
    otel: { name: 'redis.near_cache.tracking.invalidations', unit: '{key}' },
    type: 'counter',
    help: 'Keys that the server said had changed, under any prefix, a flush counting as one',
  }),
  perReplica(({ lag }) => (lag === null ? undefined : seconds(lag)), {
    name: 'redis_near_cache_replica_lag_seconds',
    otel: { name: 'redis.near_cache.replica.lag', unit: 's' },
    type: 'gauge',
    help: 'How far the replica may be behind its primary, by offsets; absent while that is not known',
  }),
  perReplica(({ answers }) => (answers ? 1 : 0), {
    name: 'redis_near_cache_replica_answers',
    otel: { name: 'redis.near_cache.replica.answers', unit: '1' },
    type: 'sum',
    help: '1 while the replica is fit to answer misses, else 0',
  }),
  perReplica(({ replicaReads }) => replicaReads, {
    name: 'redis_near_cache_replica_reads_total',
    otel: { name: 'redis.near_cache.replica.reads', unit: '{request}' },
    type: 'counter',
    help: 'Misses that were sent to the replica',
  }),
];

function seconds(ms: number): number {
  return ms / 1_000;
}

function perPrefix(field: keyof PrefixStats, described: Described): Metric {
  return {
    ...described,
    dimensions: ['prefix'],
    points: ({ prefixes }) =>
      Object.entries(prefixes).map(([prefix, stats]) => ({ labels: { prefix }, value: stats[field] })),
  };
}

function perLoader(field: Exclude<keyof LoaderStats, 'loadTime'>, described: Described): Metric {
  return {
    ...described,
    dimensions: ['prefix'],
    points: ({ loaders }) =>
      Object.entries(loaders).map(([prefix, stats]) => ({ labels: { prefix }, value: stats[field] })),
  };
}

function perCache(value: (reading: Reading) => number, described: Described): Metric {
  return { ...described, dimensions: [], points: (reading) => [{ labels: {}, value: value(reading) }] };
}

function perNode(value: (row: TrackingStats) => number | undefined, described: Described): Metric {
  return {
    ...described,
    dimensions: ['node', 'role'],
    points: ({ tracking }) =>
      tracking.flatMap((row) => {
        const known = value(row);
        return known === undefined ? [] : [{ labels: { node: row.node, role: row.role }, value: known }];
      }),
  };
}

/** Primaries have no such series. */
function perReplica(value: (row: TrackingStats) => number | undefined, described: Described): Metric {
  return perNode((row) => (row.role === 'replica' ? value(row) : undefined), described);
}
