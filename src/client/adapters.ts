// Tells which node-redis a client comes from, by structure, and refuses what can't be wrapped.

import { NearCacheError } from '../errors.js';
import type { ClientAdapter, NodeRedisClient } from './adapter.js';
import { ClusterConnections, isCluster } from './connections/cluster.js';
import { isPool } from './connections/pool.js';
import { isSentinel } from './connections/sentinel.js';
import { SingleConnection } from './connections/single.js';
import { methodOf } from './methods.js';
import { NodeRedisV4 } from './node-redis-v4.js';
import { NodeRedisV5 } from './node-redis-v5.js';

/** Clients that have a near cache: two would miss each other's writes. */
const wrapped = new WeakSet<object>();

/** The client has a near cache from now on. @returns what ends that */
export function markWrapped(client: object): () => void {
  wrapped.add(client);
  return () => wrapped.delete(client);
}

/** @throws NearCacheError `ERR_NEAR_CLIENT` */
export function adapterOf(client: unknown): ClientAdapter {
  if (!isObject(client) || !hasMethods(client, 'connect', 'on', 'off', 'multi', 'sendCommand')) {
    throw refusal(
      'withNearCache() takes a client made by createClient(), createClientPool(), createCluster() or createSentinel() ' +
        `of node-redis; received ${describe(client)}.`,
    );
  }
  if (Reflect.get(client, 'near') !== undefined) {
    throw refusal(
      'This client has a near cache already. Wrap the client that createClient() returned, once.',
    );
  }
  if (wrapped.has(client)) {
    throw refusal('This client has a near cache already, which near.close() ends. Wrap a client once.');
  }
  if (hasMethods(client, 'commandsExecutor', 'disconnect', 'quit')) return v4(client);
  return v5(client);
}

/**
 * Clients of replicas must be of the same kind as the data client, and mean the same keys.
 * @throws NearCacheError `ERR_NEAR_OPTION`
 */
export function assertReplicas(adapter: ClientAdapter, replicas: readonly object[] | 'discover'): void {
  if (replicas === 'discover') return;
  const complain = (what: string): NearCacheError =>
    new NearCacheError('ERR_NEAR_OPTION', `Option routing.replicas ${what}.`);
  if (adapter.connections.change === 'by slots')
    throw complain(
      "must be 'discover' for a cluster, whose primaries name their replicas; received an array",
    );
  for (const replica of replicas) {
    if (
      isCluster(replica) ||
      isPool(replica) ||
      isSentinel(replica) ||
      Reflect.get(replica, 'near') !== undefined
    )
      throw complain('takes clients made by createClient(), which lead to one server and have no near cache');
    const { keyPrefix } = lentAdapterOf(replica);
    const isV4 = (client: object): boolean => methodOf(client, 'commandsExecutor') !== undefined;
    if (isV4(replica) !== isV4(adapter.client) || keyPrefix !== adapter.keyPrefix)
      throw complain('takes clients made by createClient() of the same major, with the same keyPrefix');
    // Pools and sentinels do not show theirs before they are connected.
    if (adapter.connections.isOrdered && databaseOf(replica) !== databaseOf(adapter.client))
      throw complain("takes clients with the data client's database");
    if (ownCacheOf(replica) !== undefined)
      throw complain(
        'takes no clients with a cache of their own: leave clientSideCache out of their options',
      );
  }
}

/** A connection that a client lends out. */
export function lentAdapterOf(client: object): ClientAdapter {
  const connection = new SingleConnection(client);
  return methodOf(client, 'commandsExecutor') === undefined
    ? new NodeRedisV5(client as NodeRedisClient, connection)
    : new NodeRedisV4(client as NodeRedisClient, connection);
}

function v4(client: NodeRedisClient): ClientAdapter {
  if (optionOf(client, 'legacyMode') === true) {
    throw refusal(
      'withNearCache() takes no client in legacy mode, whose commands answer callbacks. Leave legacyMode out.',
    );
  }
  const connections = isCluster(client) ? new ClusterConnections(client) : new SingleConnection(client);
  return new NodeRedisV4(client, connections);
}

function v5(client: NodeRedisClient): ClientAdapter {
  if (ownCacheOf(client) !== undefined) {
    throw refusal(
      'This client has a cache of its own, which would keep answering what this one has dropped. Leave ' +
        'clientSideCache out of its options.',
    );
  }
  if (isCluster(client)) return new NodeRedisV5(client, new ClusterConnections(client));
  if (isSentinel(client) || isPool(client)) return new NodeRedisV5(client);
  if (hasMethods(client, '_executeCommand')) return new NodeRedisV5(client, new SingleConnection(client));
  throw refusal(
    `withNearCache() takes clients, pools, clusters and sentinels of node-redis; received ${describe(client)}.`,
  );
}

function databaseOf(client: object): unknown {
  return optionOf(client, 'database') ?? 0;
}

function ownCacheOf(client: object): unknown {
  return Reflect.get(client, 'clientSideCache') ?? optionOf(client, 'clientSideCache');
}

function optionOf(client: object, name: string): unknown {
  const options: unknown = Reflect.get(client, 'options');
  return isObject(options) ? Reflect.get(options, name) : undefined;
}

function hasMethods(client: object, ...names: string[]): client is NodeRedisClient {
  return names.every((name) => methodOf(client, name) !== undefined);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function describe(client: unknown): string {
  if (!isObject(client)) return client === null ? 'null' : typeof client;
  return `an object of class ${client.constructor?.name}`;
}

function refusal(message: string): NearCacheError {
  return new NearCacheError('ERR_NEAR_CLIENT', message);
}
