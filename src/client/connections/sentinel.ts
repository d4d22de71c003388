// The connections of a sentinel client (v5, v6): to whichever node is the primary at the time.

import type { DataClientOptions } from '../../tracking/endpoint.js';
import { invoke, type Method, methodOf } from '../methods.js';
import {
  type Before,
  type Connections,
  type DataNode,
  type KnownNode,
  optionsOf,
  sendPlain,
} from './connections.js';

export class SentinelConnections implements Connections {
  /** It may have several connections to the primary, and two primaries during a failover. */
  readonly isOrdered = false;
  readonly change = 'by failover';
  readonly #sentinel: object;
  readonly #onConnection: (connection: object) => void;
  /** Of a connection to any primary: those to the others differ by their address only. */
  #options: DataClientOptions | undefined;
  #connection: object | undefined;
  /** The last primary that the client was connected to. */
  #primary: KnownNode | undefined;

  /** The sentinel shows the options of its connections only on one of them, which `onConnection` gets to see. */
  constructor(sentinel: object, onConnection: (connection: object) => void) {
    this.#sentinel = sentinel;
    this.#onConnection = onConnection;
  }

  get isReady(): boolean {
    return Reflect.get(this.#sentinel, 'isReady') === true;
  }

  get isWhole(): boolean {
    return this.isReady;
  }

  /** While it looks for another primary it is not ready, and not closed either. */
  get isClosed(): boolean {
    return Reflect.get(this.#sentinel, 'isOpen') !== true;
  }

  nodeOf(): DataNode | undefined {
    return this.#current === undefined ? undefined : this.#primary;
  }

  /** Whom the client leads to now, if anywhere. */
  get #current(): KnownNode | undefined {
    const address = invoke(this.#sentinel, ['getMasterNode'], []) as Address | undefined;
    if (address === undefined || this.#options === undefined) return undefined;
    const id = addressOf(address);
    if (this.#primary?.id !== id) {
      const { host, port } = address;
      const options = { ...this.#options, socket: { ...this.#options.socket, host, port } };
      this.#primary = { id, client: undefined, options, primary: undefined };
    }
    return this.#primary;
  }

  /** As long as there is no other primary, the last one may still vouch. */
  nodes(): KnownNode[] | undefined {
    const primary = this.#current ?? this.#primary;
    return primary && [primary];
  }

  template(): object | undefined {
    return this.#connection;
  }

  async learn(): Promise<void> {
    const ask = (connection: object): void => {
      this.#onConnection(connection);
      this.#connection = connection;
      this.#options = optionsOf(connection);
    };
    await invoke(this.#sentinel, ['_execute'], [false, ask]);
  }

  /** The sentinel's method asks for a connection by `_execute`: what goes before goes on that one. */
  on(target: object, node: DataNode, before: Before, detoured: () => void): object {
    return this.#asWrite(target, (client) => {
      if (idOf(optionsOf(client)) !== node.id) detoured();
      before((command) => sendPlain(client, command));
    });
  }

  atPrimary(target: object): object {
    return this.#asWrite(target, () => {});
  }

  /** So that none of the replicas answers of which the client may have a pool. */
  #asWrite(target: object, before: (client: object) => void): object {
    const execute = (_: boolean, use: Method): unknown => {
      const used = (client: object): unknown => {
        before(client);
        return use(client);
      };
      return invoke(this.#sentinel, ['_execute'], [false, used]);
    };
    // Getters with private state do not work on the object that inherits from it.
    const seen = ['commandOptions', '_keyPrefix'].map((name) => [name, { value: Reflect.get(target, name) }]);
    const on = Object.create(target, {
      ...Object.fromEntries(seen),
      _execute: { value: execute },
    }) as object;
    return Object.defineProperty(on, '_self', { value: on });
  }
}

interface Address {
  readonly host?: unknown;
  readonly port?: unknown;
}

function addressOf({ host, port }: Address): string {
  return `${String(host)}:${String(port)}`;
}

function idOf({ socket }: DataClientOptions): string {
  return addressOf(socket ?? {});
}

export function isSentinel(client: object): boolean {
  return methodOf(client, 'getMasterNode') !== undefined && methodOf(client, '_execute') !== undefined;
}
