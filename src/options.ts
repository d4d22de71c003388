// The options as a contract: types with their documentation, one frozen table of defaults, one table of
// checks. Nothing here knows Redis, sockets or the cache.

import type { Codec, StandardSchema } from './codec.js';
import {
  assertAll,
  assertOption,
  boolean,
  type Check,
  CODEC_CHECKS,
  duration,
  func,
  hasMethods,
  record,
  secret,
  secretRecord,
  socket,
  text,
  wellFormed,
  whole,
} from './option-checks.js';
import { isServerUrl } from './server-url.js';

/** A registered prefix with settings of its own. Settings left out fall back to the top-level option. */
export interface PrefixOptions {
  /** Keys that start with this string are cached. `''` registers every key. */
  readonly prefix: string;
  /** No entry under this prefix is served longer than this after its read was sent. Unit: ms. */
  readonly ttl?: number;
  /** Bound of entries under this prefix, inside the overall `maxEntries`. Unit: entries. */
  readonly maxEntries?: number;
  /** Whether a missing key under this prefix is remembered. */
  readonly cacheNil?: boolean;
  /** How `near.namespace()` turns values under this prefix into text and back, unless it is told otherwise. */
  readonly codec?: Codec<unknown>;
  /** What values under this prefix must pass in `near.namespace()`, unless it is told otherwise. */
  readonly schema?: StandardSchema<unknown>;
}

/** What a server without usable tracking gets: see {@link NearCacheOptions.fallback}. */
export type Fallback = 'bypass' | 'ttl' | 'error';

/** node-redis' own signature: milliseconds until the next try, or `false` / an `Error` to give up. */
export type ReconnectStrategy = number | false | ((retries: number, cause: Error) => number | false | Error);

/** Overrides for the tracking connection; everything left out is derived from the data client. */
export interface TrackingOptions {
  /** `redis[s]://[[username][:password]@]host[:port][/db]` of the server to listen to. Not for clusters and sentinels. */
  readonly url?: string;
  /** Socket and TLS settings as in node-redis (`host`, `port`, `path`, `tls`, `ca`, `servername`, ...). */
  readonly socket?: Readonly<Record<string, unknown>>;
  /**
   * ACL user of the tracking connection. It needs no key permissions, and no commands but `+client|tracking +ping`, with
   * `+role` for one server or sentinels, `+cluster|info +cluster|nodes` in a cluster, `+info` where replicas are read from.
   */
  readonly username?: string;
  /** Password of the tracking connection. */
  readonly password?: string;
  /** Connection name shown by `CLIENT LIST`. Default: the data client's name, or `near-cache`, plus `:tracking`. */
  readonly name?: string;
  /** When to try again after a loss. Default: 50 ms doubling up to 1 000 ms, with jitter. */
  readonly reconnectStrategy?: ReconnectStrategy;
  /** Send `NOLOOP` with `CLIENT TRACKING`. Without it a server with many trackers writes faster. Default: `true`. */
  readonly noLoop?: boolean;
}

/**
 * A client made by node-redis' `createClient()` that leads to a replica, of the data client's major and with its
 * `keyPrefix`. One that is not connected is connected, and closed with the data client. Its errors are its owner's to
 * listen to.
 */
export interface ReplicaClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
}

/**
 * Where misses are read: see {@link NearCacheOptions.routing}. Writes, and whatever passes the cache, go the client's own
 * way. Clients in `replicas` that do not suit the data client, or any for a cluster, are refused with `ERR_NEAR_OPTION`.
 */
export interface RoutingOptions {
  /**
   * `'primary'`; `'replicas'`: one and the same fit replica for a key; `'nearest'`: the node with the lowest round trip,
   * the primary included; `'hot'`: replicas only for keys that this process misses often (`hotAfter`).
   * Default: `'primary'`.
   */
  readonly reads?: 'primary' | 'replicas' | 'nearest' | 'hot';
  /**
   * The replicas of a standalone primary: clients that lead to them, or `'discover'` for those that the primary itself
   * names (`INFO replication`), with clients made after the data client. A cluster's come from its topology.
   * Default: `'discover'`.
   */
  readonly replicas?: 'discover' | readonly ReplicaClient[];
  /**
   * A replica that may be further behind its primary, measured by offsets, answers no misses. From 15 ms; more than
   * `maxStaleness` counts as `maxStaleness`. Unless `reads` is `'primary'`, heartbeats come three times as often, if that
   * is more often than `heartbeat`. Default: 1 000 ms.
   */
  readonly maxLag?: number;
  /** For `reads: 'hot'`: misses of a key that this process sends within a second before it is hot. Default: 10. */
  readonly hotAfter?: number;
}

/** The shape of pino's and of most other loggers. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Options of `withNearCache()`. All durations are milliseconds. Checked at construction (`ERR_NEAR_OPTION`). */
export interface NearCacheOptions {
  /** The key prefixes to cache; at least one. Overlaps and duplicates are fine: the longest match counts. */
  readonly prefixes: readonly (string | PrefixOptions)[];
  /** Bound of the LRU. Unit: entries. Default: 10 000. */
  readonly maxEntries?: number;
  /** Second bound: estimated size of keys and replies. Unit: bytes. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** No entry is served longer than this after its read was sent. Default: 300 000 ms. */
  readonly ttl?: number;
  /** A key's own expiry in Redis also ends its entry (`PTTL` travels with each miss). Default: `true`. */
  readonly serverTtl?: boolean;
  /** A missing key is remembered too; its creation invalidates it. Default: `true`. */
  readonly cacheNil?: boolean;
  /**
   * How often a tracking connection must prove that it is alive; less than `maxStaleness`, and never rarer than three
   * times per `maxStaleness`, because what a heartbeat proves is the moment of the one before it. Default: 1 000 ms.
   */
  readonly heartbeat?: number;
  /** The lease: no value is served that could be staler than this. Default: 5 000 ms. */
  readonly maxStaleness?: number;
  /**
   * What reads get when the server refuses tracking: `'bypass'` goes to Redis every time, `'ttl'` keeps replies
   * for at most 1 000 ms without invalidation, `'error'` rejects the read. Default: `'bypass'`.
   */
  readonly fallback?: Fallback;
  /** Overrides for the tracking connection. */
  readonly tracking?: TrackingOptions;
  /** Which node answers a miss. Default: the primary. */
  readonly routing?: RoutingOptions;
  /** Where to log. Default: nowhere. */
  readonly logger?: Logger;
  /**
   * Monotonic clock in ms, of any origin, injectable for tests: leaps ahead end leases and entries; each time that it is set
   * back, `maxStaleness` may be exceeded by up to a heartbeat. Default: `performance.now`.
   */
  readonly clock?: () => number;
  /** Random number in [0, 1), injectable for tests. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly prefixes: readonly PrefixOptions[];
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly ttl: number;
  readonly serverTtl: boolean;
  readonly cacheNil: boolean;
  readonly heartbeat: number;
  readonly maxStaleness: number;
  readonly fallback: Fallback;
  readonly tracking: TrackingOptions;
  readonly routing: Required<RoutingOptions>;
  readonly logger: Logger | undefined;
  readonly clock: () => number;
  readonly random: () => number;
}

/** How long `fallback: 'ttl'` keeps a reply. Unit: ms. */
export const FALLBACK_TTL = 1_000;

const DEFAULTS = Object.freeze({
  maxEntries: 10_000,
  maxBytes: 64 * 1024 * 1024,
  ttl: 300_000,
  serverTtl: true,
  cacheNil: true,
  heartbeat: 1_000,
  maxStaleness: 5_000,
  fallback: 'bypass' as const,
});

const ROUTING_DEFAULTS = Object.freeze({
  reads: 'primary' as const,
  replicas: 'discover' as const,
  maxLag: 1_000,
  hotAfter: 10,
});

const PREFIXES: Check = {
  expected: 'a non-empty array of strings or { prefix, ... } objects',
  accepts: (value) => Array.isArray(value) && value.length > 0,
};

const CHECKS: Readonly<Record<string, Check>> = {
  prefixes: PREFIXES,
  maxEntries: whole(1, 2 ** 31 - 1, 'entries'),
  maxBytes: whole(1, Number.MAX_SAFE_INTEGER, 'bytes'),
  ttl: duration(1),
  serverTtl: boolean,
  cacheNil: boolean,
  heartbeat: duration(5),
  maxStaleness: duration(10),
  fallback: {
    expected: "'bypass', 'ttl' or 'error'",
    accepts: (value) => value === 'bypass' || value === 'ttl' || value === 'error',
  },
  tracking: secretRecord,
  routing: record,
  logger: {
    expected: 'an object with the methods debug, info, warn and error',
    accepts: (value) => hasMethods(value, 'debug', 'info', 'warn', 'error'),
  },
  clock: func,
  random: func,
};

const TRACKING_CHECKS: Readonly<Record<string, Check>> = {
  url: {
    expected: 'a redis:// or rediss:// URL, its path a database number if any',
    accepts: isServerUrl,
    secret: true,
  },
  socket,
  username: secret,
  password: secret,
  name: text,
  reconnectStrategy: {
    expected: 'a number of milliseconds, false, or a function',
    accepts: (value) =>
      value === false || typeof value === 'function' || (typeof value === 'number' && value >= 0),
  },
  noLoop: boolean,
};

const ROUTING_CHECKS: Readonly<Record<string, Check>> = {
  reads: {
    expected: "'primary', 'replicas', 'nearest' or 'hot'",
    accepts: (value) => ['primary', 'replicas', 'nearest', 'hot'].some((known) => known === value),
  },
  replicas: {
    expected: "'discover', or a non-empty array of node-redis clients",
    accepts: (value) =>
      value === 'discover' ||
      (Array.isArray(value) &&
        value.length > 0 &&
        value.every((client) => hasMethods(client, 'connect', 'sendCommand', 'on'))),
  },
  maxLag: duration(15),
  hotAfter: whole(1, 2 ** 31 - 1, 'reads'),
};

const PREFIX_CHECKS: Readonly<Record<string, Check>> = {
  prefix: wellFormed,
  ttl: duration(1),
  maxEntries: whole(1, 2 ** 31 - 1, 'entries'),
  cacheNil: boolean,
  ...CODEC_CHECKS,
};

/** @throws NearCacheError `ERR_NEAR_OPTION` that names the option, what it takes and what came. */
export function resolveOptions(options: NearCacheOptions): ResolvedOptions {
  assertOption('options', options, secretRecord);
  assertAll('', options, CHECKS);
  assertOption('prefixes', options.prefixes, PREFIXES);
  if (options.tracking !== undefined) assertAll('tracking.', options.tracking, TRACKING_CHECKS);
  if (options.routing !== undefined) assertAll('routing.', options.routing, ROUTING_CHECKS);
  const maxStaleness = options.maxStaleness ?? DEFAULTS.maxStaleness;
  if (options.heartbeat !== undefined) {
    assertOption('heartbeat', options.heartbeat, {
      expected: `less than maxStaleness (${maxStaleness} ms)`,
      accepts: (value) => (value as number) < maxStaleness,
    });
  }
  return Object.freeze({
    prefixes: options.prefixes.map((entry, index) => resolvePrefix(entry, `prefixes[${index}]`)),
    maxEntries: options.maxEntries ?? DEFAULTS.maxEntries,
    maxBytes: options.maxBytes ?? DEFAULTS.maxBytes,
    ttl: options.ttl ?? DEFAULTS.ttl,
    serverTtl: options.serverTtl ?? DEFAULTS.serverTtl,
    cacheNil: options.cacheNil ?? DEFAULTS.cacheNil,
    heartbeat: Math.min(options.heartbeat ?? DEFAULTS.heartbeat, maxStaleness / 3),
    maxStaleness,
    fallback: options.fallback ?? DEFAULTS.fallback,
    tracking: options.tracking ?? {},
    routing: resolveRouting(options.routing ?? {}, maxStaleness),
    logger: options.logger,
    clock: options.clock ?? performance.now.bind(performance),
    random: options.random ?? Math.random,
  });
}

function resolveRouting(options: RoutingOptions, maxStaleness: number): Required<RoutingOptions> {
  const { hotAfter, maxLag, reads, replicas } = options;
  return Object.freeze({
    reads: reads ?? ROUTING_DEFAULTS.reads,
    replicas: replicas ?? ROUTING_DEFAULTS.replicas,
    maxLag: Math.min(maxLag ?? ROUTING_DEFAULTS.maxLag, maxStaleness),
    hotAfter: hotAfter ?? ROUTING_DEFAULTS.hotAfter,
  });
}

/** Checks one prefix, given as a string or as an object. @throws NearCacheError `ERR_NEAR_OPTION` */
export function resolvePrefix(entry: string | PrefixOptions, path: string): PrefixOptions {
  if (typeof entry === 'string') {
    assertOption(path, entry, wellFormed);
    return { prefix: entry };
  }
  assertOption(path, entry, { ...record, expected: 'a string or a { prefix, ... } object' });
  assertAll(`${path}.`, entry, PREFIX_CHECKS);
  assertOption(`${path}.prefix`, entry.prefix, wellFormed);
  return entry;
}

const SET_CHECKS: Readonly<Record<string, Check>> = {
  ttl: whole(1, Number.MAX_SAFE_INTEGER, 'milliseconds'),
};

/** Checks options of `set()` in a namespace. @throws NearCacheError `ERR_NEAR_OPTION` */
export function checkSet(options: object): void {
  assertOption('set options', options, record);
  assertAll('', options, SET_CHECKS);
}

/** Checks options of a namespace. @throws NearCacheError `ERR_NEAR_OPTION` */
export function checkNamespace(options: object): void {
  assertOption('namespace options', options, record);
  assertAll('', options, CODEC_CHECKS);
}
