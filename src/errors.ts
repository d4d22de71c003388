// The one error class of the package. Codes are stable; messages tell the reader what to do and never
// carry credentials or values.

import { withoutCredentials } from './redaction.js';

/**
 * Stable codes of {@link NearCacheError}.
 *
 * | code | when |
 * | --- | --- |
 * | `ERR_NEAR_OPTION` | an option is unknown, of the wrong type, out of range, or not for this kind of client (thrown at construction, by `register()`, `namespace()` and its `set()`, `loader()` and its `set()`, and by `hashTag()`), or one of the command line |
 * | `ERR_NEAR_CLIENT` | what was passed is no node-redis client, pool, cluster or sentinel, is in legacy mode, has a cache of its own or a near cache already (thrown at construction) |
 * | `ERR_NEAR_TRACKING_UNSUPPORTED` | the server has no RESP3 or no `CLIENT TRACKING` (Redis below 6, some proxies) |
 * | `ERR_NEAR_TRACKING_DENIED` | the tracking connection may not log in, may not call `CLIENT TRACKING`, or may not ask the node what it is |
 * | `ERR_NEAR_TRACKING_LOST` | the tracking connection failed or gave no proof of life in time; it is reopened as `tracking.reconnectStrategy` says |
 * | `ERR_NEAR_PREFIX` | `unregister()` of a prefix, or `namespace()` or `loader()` under one, that is not registered |
 * | `ERR_NEAR_CLOSED` | the near cache was closed, or its client could not connect, while something waited for it |
 * | `ERR_NEAR_DECODE` | a namespace's codec could not decode what Redis holds |
 * | `ERR_NEAR_SCHEMA` | a value of a namespace or a loader does not follow its schema |
 * | `ERR_NEAR_LOAD` | the origin of a loader failed: its error is the cause |
 * | `ERR_NEAR_LOAD_TIMEOUT` | the origin of a loader took longer than `timeout` |
 * | `ERR_NEAR_REDIS_TIMEOUT` | Redis did not answer `set()` or `invalidate()` of a loader within `redisTimeout` |
 * | `ERR_NEAR_FAULT` | something failed inside the cache; the read itself was answered by Redis |
 */
export type NearCacheErrorCode =
  | 'ERR_NEAR_OPTION'
  | 'ERR_NEAR_CLIENT'
  | 'ERR_NEAR_TRACKING_UNSUPPORTED'
  | 'ERR_NEAR_TRACKING_DENIED'
  | 'ERR_NEAR_TRACKING_LOST'
  | 'ERR_NEAR_PREFIX'
  | 'ERR_NEAR_CLOSED'
  | 'ERR_NEAR_DECODE'
  | 'ERR_NEAR_SCHEMA'
  | 'ERR_NEAR_LOAD'
  | 'ERR_NEAR_LOAD_TIMEOUT'
  | 'ERR_NEAR_REDIS_TIMEOUT'
  | 'ERR_NEAR_FAULT';

/** Every error that redis-near-cache itself makes. Branch on `code`; `cause` holds what lay beneath. */
export class NearCacheError extends Error {
  override readonly name = 'NearCacheError';
  /** Stable across versions: branch on this. */
  readonly code: NearCacheErrorCode;

  constructor(code: NearCacheErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options && 'cause' in options ? { cause: withoutCredentials(options.cause) } : undefined);
    this.code = code;
  }
}

/** For who waited for a near cache that will not come. */
export function closedError(cause?: unknown): NearCacheError {
  return new NearCacheError(
    'ERR_NEAR_CLOSED',
    cause === undefined
      ? 'The near cache is closed. Connect the client again; after near.close(), wrap it anew.'
      : 'The client could not connect, so the near cache did not start. Connect it again.',
    { cause },
  );
}
