// The public names, nothing else.

export type { FlushReason } from './cache/events.js';
export type { NodeRedisClient } from './client/adapter.js';
export { NearCache } from './client/near-cache.js';
export type { NearCacheChannels, NearCacheEvents, ReplicaReason, StateReason } from './client/near-events.js';
export { type NearCached, type WithNear, withNearCache } from './client/with-near-cache.js';
export { type Codec, json, type SchemaIssue, type SchemaResult, type StandardSchema } from './codec.js';
export { NearCacheError, type NearCacheErrorCode } from './errors.js';
export type { LoaderStats, LoadTimeStats } from './load/load-counts.js';
export { Loader } from './load/loader.js';
export type {
  LoadContext,
  LoaderGetOptions,
  LoaderOptions,
  LoadManyContext,
  LockOptions,
} from './load/loader-options.js';
export type { NearState, NearStats, PrefixStats } from './metrics/stats.js';
export type {
  Fallback,
  Logger,
  NearCacheOptions,
  PrefixOptions,
  ReconnectStrategy,
  ReplicaClient,
  RoutingOptions,
  TrackingOptions,
} from './options.js';
export { groupBySlot, hashSlot, hashTag } from './routing/slots.js';
export type { TrackingStats } from './tracking/tracking-stats.js';
export {
  Namespace,
  type NamespaceOptions,
  type NamespaceSetOptions,
} from './values/namespace.js';
