// Tells which node-redis a client comes from, by structure, and refuses what can't be wrapped.

import { NearCacheError } from '../errors.js';
import { type ClientAdapter, methodOf, type NodeRedisClient } from './adapter.js';
import { isCluster } from './cluster-nodes.js';
import { NodeRedisV4 } from './node-redis-v4.js';
import { isPool, NodeRedisV5 } from './node-redis-v5.js';

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
      'withNearCache() takes a client made by createClient() of node-redis v4, v5 or v6, or by createClientPool(); ' +
        `received ${describe(client)}.`,
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
  if (hasMethods(client, '_executeCommand') || isPool(client) || isCluster(client)) return v5(client);
  throw refusal(
    `withNearCache() takes clients, pools and clusters, no sentinels yet; received ${describe(client)}.`,
  );
}

function v4(client: NodeRedisClient): ClientAdapter {
  if (optionOf(client, 'legacyMode') === true) {
    throw refusal(
      'withNearCache() takes no client in legacy mode, whose commands answer callbacks. Leave legacyMode out.',
    );
  }
  return new NodeRedisV4(client);
}

function v5(client: NodeRedisClient): ClientAdapter {
  const own = Reflect.get(client, 'clientSideCache') ?? optionOf(client, 'clientSideCache');
  if (own !== undefined) {
    throw refusal(
      'This client has a cache of its own, which would keep answering what this one has dropped. Leave ' +
        'clientSideCache out of its options.',
    );
  }
  return new NodeRedisV5(client);
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
  if (methodOf(client, 'nodeClient') !== undefined) return 'a cluster';
  if (methodOf(client, 'acquire') !== undefined) return 'a sentinel client';
  return `an object of class ${client.constructor?.name}`;
}

function refusal(message: string): NearCacheError {
  return new NearCacheError('ERR_NEAR_CLIENT', message);
}
