// Several connections to one server, of which the pool lends one at a time.

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
import { ONLY_NODE } from './single.js';

export class PooledConnections implements Connections {
  readonly isOrdered = false;
  readonly change = 'never';
  readonly #pool: object;
  readonly #onConnection: (connection: object) => void;
  readonly #node: DataNode = { id: ONLY_NODE, client: undefined };
  #options: DataClientOptions | undefined;
  #connection: object | undefined;

  /** The pool shows the options of its connections only on one of them, which `onConnection` gets to see. */
  constructor(pool: object, onConnection: (connection: object) => void) {
    this.#pool = pool;
    this.#onConnection = onConnection;
  }

  get isReady(): boolean {
    return Reflect.get(this.#pool, 'isOpen') === true && Reflect.get(this.#pool, 'isClosing') !== true;
  }

  get isWhole(): boolean {
    return this.isReady;
  }

  get isClosed(): boolean {
    return !this.isReady;
  }

  nodeOf(): DataNode {
    return this.#node;
  }

  nodes(): KnownNode[] | undefined {
    return this.#options && [{ ...this.#node, options: this.#options, primary: undefined }];
  }

  template(): object | undefined {
    return this.#connection;
  }

  async learn(): Promise<void> {
    const ask = (connection: object): DataClientOptions => {
      this.#onConnection(connection);
      this.#connection = connection;
      return optionsOf(connection);
    };
    this.#options = (await invoke(this.#pool, ['execute'], [ask])) as DataClientOptions;
  }

  atPrimary(target: object): object {
    return target;
  }

  /** The pool's method asks for a connection by `execute`: what goes before goes on that one. */
  on(target: object, _: DataNode, before: Before): object {
    const lend = (use: Method): unknown => {
      const used = (client: object): unknown => {
        before((command) => sendPlain(client, command));
        return use(client);
      };
      return invoke(target, ['execute'], [used]);
    };
    return Object.create(target, { execute: { value: lend } }) as object;
  }
}

export function isPool(client: object): boolean {
  return 'totalClients' in client && methodOf(client, 'execute') !== undefined;
}
