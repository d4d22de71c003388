// The connections of a cluster client of any major: one per node, chosen by slot.

import { hashSlot } from '../../routing/slots.js';
import { invoke, methodOf } from '../methods.js';
import { type Connections, type DataNode, type KnownNode, optionsOf } from './connections.js';

interface ClusterNode {
  readonly address: string;
  /** Not there while it is being connected; v4 has a promise there then. */
  readonly client?: object | undefined;
}

interface Cluster {
  readonly slots: readonly ({ readonly master: ClusterNode } | undefined)[];
  readonly masters: readonly ClusterNode[];
}

export class ClusterConnections implements Connections {
  /** Two nodes may answer for one key while its slot moves. */
  readonly isOrdered = false;
  readonly change = 'by slots';
  readonly #cluster: Cluster;
  readonly #client: object;

  constructor(client: object) {
    this.#client = client;
    this.#cluster = client as Cluster;
  }

  get isReady(): boolean {
    return Reflect.get(this.#client, 'isOpen') === true && this.#cluster.masters.length > 0;
  }

  get isWhole(): boolean {
    return this.isReady && this.#cluster.masters.every(({ client }) => !client || isReady(client));
  }

  get isClosed(): boolean {
    return Reflect.get(this.#client, 'isOpen') !== true;
  }

  nodeOf(key: string): DataNode | undefined {
    const master = this.#cluster.slots[hashSlot(key)]?.master;
    const client = master && connectionTo(master);
    return client && { id: master.address, client };
  }

  nodes(): KnownNode[] {
    return this.#cluster.masters.flatMap((master) => {
      const client = connectionTo(master);
      if (client !== undefined)
        return [{ id: master.address, client, options: optionsOf(client), primary: undefined }];
      // Found the next time. The cluster tells of errors itself.
      if (master.client === undefined)
        Promise.resolve(invoke(this.#client, ['nodeClient'], [master])).catch(() => {});
      return [];
    });
  }

  /** One that leads to this node alone. */
  template(primary: string): object | undefined {
    const master = this.#cluster.masters.find(({ address }) => address === primary);
    return master && connectionTo(master);
  }

  async learn(): Promise<void> {}

  /** A read without a connection to the slot's node is not sent by the near cache. */
  on(target: object): object {
    return target;
  }

  /** With `useReplicas`, a read may be answered by any of them, however far behind. */
  atPrimary(target: object): object {
    const name = SENDING.find((each) => methodOf(target, each) !== undefined) ?? '';
    const send = (key: unknown, _isReadOnly: unknown, ...rest: unknown[]): unknown =>
      invoke(target, [name], [key, false, ...rest]);
    const at: object = Object.create(target, { [name]: { value: send } });
    return Object.defineProperty(at, '_self', { value: at });
  }
}

/** What commands are sent by, in v6, v5 (both of `_self`) and v4: told second whether they only read. */
const SENDING = ['_executeWithPolicies', '_execute', 'sendCommand'];

function isReady(client: object): boolean {
  return Reflect.get(client, 'isReady') === true;
}

function connectionTo({ client }: ClusterNode): object | undefined {
  return client !== undefined && methodOf(client, 'sendCommand') !== undefined ? client : undefined;
}

export function isCluster(client: object): boolean {
  return methodOf(client, 'nodeClient') !== undefined && 'masters' in client;
}
