// The nodes of a node-redis cluster, of any major: which primary has a key, and the cluster's own connection to it.

import { hashSlot } from '../routing/slots.js';
import type { DataClientOptions } from '../tracking/endpoint.js';
import { type DataNode, type DataNodeOptions, methodOf, type NodeRedisClient } from './adapter.js';

interface ClusterNode {
  readonly address: string;
  /** Not there while it is being connected; v4 has a promise there then. */
  readonly client?: object | undefined;
}

interface Cluster {
  readonly slots: readonly ({ readonly master: ClusterNode } | undefined)[];
  readonly masters: readonly ClusterNode[];
}

export class ClusterNodes {
  readonly #cluster: Cluster;

  constructor(cluster: object) {
    this.#cluster = cluster as Cluster;
  }

  get isKnown(): boolean {
    return this.#cluster.masters.length > 0;
  }

  /** The primary that has the slot of this key, as far as the client knows. */
  nodeOf(key: string): DataNode | undefined {
    return connected(this.#cluster.slots[hashSlot(key)]?.master);
  }

  all(): DataNodeOptions[] {
    return this.#cluster.masters.flatMap((master) => {
      const node = connected(master);
      if (node === undefined) return [];
      return [
        {
          id: node.id,
          options: (Reflect.get(node.client, 'options') as DataClientOptions | undefined) ?? {},
        },
      ];
    });
  }
}

function connected(node: ClusterNode | undefined): DataNode | undefined {
  if (node?.client === undefined || methodOf(node.client, 'sendCommand') === undefined) return undefined;
  return { id: node.address, client: node.client };
}

export function isCluster(client: object): client is NodeRedisClient {
  return methodOf(client, 'nodeClient') !== undefined && 'masters' in client;
}

/** The node does not have the slot, or not only. */
export function isRedirection(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK) /.test(error.message);
}
