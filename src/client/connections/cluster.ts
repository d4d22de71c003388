// The connections of a cluster client of any major: one per node, chosen by slot.

import { hashSlot } from '../../routing/slots.js';
import { invoke, methodOf } from '../methods.js';
import { type Connections, type DataNode, type KnownNode, optionsOf } from './connections.js';

interface ClusterNode {
  readonly address: string;
  /** Not there while it is being connected; v4 has a promise there then. */
  readonly client?: object | undefined;
}

interface Shard {
  readonly master: ClusterNode;
  readonly replicas?: readonly ClusterNode[];
}

interface Cluster {
  readonly slots: readonly (Shard | undefined)[];
  readonly shards: readonly Shard[];
  readonly masters: readonly ClusterNode[];
}

export class ClusterConnections implements Connections {
  /** Two nodes may answer for one key while its slot moves, and when replicas are read from. */
  readonly isOrdered = false;
  readonly change = 'by slots';
  /** The cluster has connections to its replicas itself. */
  readonly template = undefined;
  readonly #cluster: Cluster;
  readonly #client: object;
  readonly #withReplicas: boolean;

  constructor(client: object, withReplicas: boolean) {
    this.#client = client;
    this.#cluster = client as Cluster;
    this.#withReplicas = withReplicas;
  }

  get isReady(): boolean {
    return Reflect.get(this.#client, 'isOpen') === true && this.#cluster.masters.length > 0;
  }

  nodeOf(key: string): DataNode | undefined {
    const master = this.#cluster.slots[hashSlot(key)]?.master;
    const client = master && connectionTo(master);
    return client && { id: master.address, client };
  }

  nodes(): KnownNode[] {
    const nodes = new Map<string, KnownNode>();
    for (const { master, replicas } of this.#cluster.shards) {
      this.#add(nodes, master, undefined);
      if (this.#withReplicas) for (const replica of replicas ?? []) this.#add(nodes, replica, master.address);
    }
    return [...nodes.values()];
  }

  async learn(): Promise<void> {}

  /** A node without a connection is connected to, and found the next time. */
  #add(nodes: Map<string, KnownNode>, node: ClusterNode, primary: string | undefined): void {
    const client = connectionTo(node);
    if (client !== undefined) {
      nodes.set(node.address, { id: node.address, client, options: optionsOf(client), primary });
    } else if (node.client === undefined) {
      const connecting: unknown = invoke(this.#client, ['nodeClient'], [node]);
      // The cluster tells of errors itself.
      Promise.resolve(connecting).catch(() => {});
    }
  }

  /** A read without a connection to the slot's node is not sent by the near cache. */
  on(target: object): object {
    return target;
  }
}

function connectionTo({ client }: ClusterNode): object | undefined {
  return client !== undefined && methodOf(client, 'sendCommand') !== undefined ? client : undefined;
}

export function isCluster(client: object): boolean {
  return methodOf(client, 'nodeClient') !== undefined && 'masters' in client;
}
