// The entry point: checks what it is given and puts the parts together.

import { NearCacheError } from '../errors.js';
import { type NearCacheOptions, resolveOptions, type TrackingOptions } from '../options.js';
import type { NodeRedisClient } from './adapter.js';
import { adapterOf, assertReplicas, markWrapped } from './adapters.js';
import { buildFacade, define } from './facade.js';
import { NearCache } from './near-cache.js';
import { namesOfGet } from './reply-ids.js';
import { mainRole } from './roles.js';

/** What `withNearCache()` adds to a client. */
export interface WithNear<C> {
  /** The near cache: state, events, numbers, and what can be done by hand. */
  readonly near: NearCache;
  /**
   * Connects the client, then waits up to 1 s for its tracking connection. Rejects as the client itself does; a
   * tracking connection that fails never fails it.
   */
  connect(): Promise<NearCached<C>>;
  /** Ends tracking for good and quits the client: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The client with its own type, plus {@link WithNear}. */
export type NearCached<C> = WithNear<C> & C;

/**
 * Turns a node-redis client into a near cache: reads of keys under the registered prefixes are answered from process
 * memory, and a connection of its own listens for what changes them. The client given stays the one that sends every
 * command; writes sent past the returned object are noticed like anybody else's.
 *
 * The client may be connected already: then tracking starts at once. Until it has started, and whenever it is
 * interrupted, reads pass through to Redis.
 *
 * @param client a client made by `createClient()` of node-redis v4, v5 or v6 (`@redis/client` 1.x, 5.x, 6.x, and the packages
 * `redis` around them), a cluster made by `createCluster()`, or, of v5 and v6, a pool made by `createClientPool()` or a
 * sentinel made by `createSentinel()`
 * @param options at least `prefixes`
 * @throws NearCacheError `ERR_NEAR_OPTION` for a bad option, or one that this kind of client does not take; `ERR_NEAR_CLIENT`
 * for a bad client
 *
 * @example
 * const redis = withNearCache(createClient({ url }), { prefixes: ['product:', 'user:'] });
 * await redis.connect();
 * await redis.get('product:42'); // miss: one GET to Redis
 * await redis.get('product:42'); // hit: memory
 */
export function withNearCache<C extends NodeRedisClient>(
  client: C,
  options: NearCacheOptions,
): NearCached<C> {
  const resolved = resolveOptions(options);
  const adapter = adapterOf(client);
  if (adapter.connections.change !== 'never') refuseAddress(resolved.tracking);
  assertReplicas(adapter, resolved.routing.replicas);
  // node-redis v4 finishes a connect that was closed meanwhile, and is `ready` although it is not open.
  const start = (): void => {
    if (client.isOpen) void near.start();
  };
  const stop = (): void => near.stop();
  const near = new NearCache(resolved, {
    keyPrefix: adapter.keyPrefix ?? '',
    connections: adapter.connections,
    idOfGet: namesOfGet(adapter.root),
    queueIsBounded: () => adapter.queueIsBounded,
    onClose: () => {
      client.off('ready', start);
      client.off('end', stop);
      unmark();
    },
  });
  const unmark = markWrapped(client);
  // By events, so that a client connected or closed past the wrapper is followed too.
  client.on('ready', start);
  client.on('end', stop);
  if (adapter.connections.isReady) start();
  const facade = buildFacade(adapter, mainRole(adapter, near));
  define(facade, 'near', near);
  near.attach(facade, {
    script: (...args) => adapter.script(...args),
    pttl: (key) => adapter.call(adapter.root, ['PTTL'], [key]),
  });
  define(facade, Symbol.asyncDispose, async () => {
    near.close();
    await adapter.end();
  });
  if (adapter.keyPrefix === undefined) {
    // When listeners can be there.
    queueMicrotask(() =>
      near.warn('key-prefix', 'The keyPrefix of this client is no string: nothing is cached.'),
    );
  }
  return facade as NearCached<C>;
}

/** One address would stand for all nodes, and what others push would never be heard. */
function refuseAddress({ url, socket }: TrackingOptions): void {
  const part = ['host', 'port', 'path'].find((name) => socket?.[name] !== undefined);
  const name = url === undefined ? part && `socket.${part}` : 'url';
  if (name === undefined) return;
  throw new NearCacheError(
    'ERR_NEAR_OPTION',
    `Option tracking.${name} must be left out for a cluster or sentinel, whose nodes are tracked where they are.`,
  );
}
