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
  #primary: KnownNode | undefined;
  #connection: object | undefined;

  constructor(sentinel: object) {
    this.#sentinel = sentinel;
  }

  get isReady(): boolean {
    return Reflect.get(this.#sentinel, 'isReady') === true;
  }

  /** Only while the client still leads to the primary whose options are known. */
  nodeOf(): DataNode | undefined {
    return this.#primary?.id === this.#current ? this.#primary : undefined;
  }

  get #current(): string | undefined {
    const node = invoke(this.#sentinel, ['getMasterNode'], []) as Address | undefined;
    return node && addressOf(node);
  }

  nodes(): KnownNode[] | undefined {
    return this.#primary !== undefined && this.#primary.id === this.#current ? [this.#primary] : undefined;
  }

  template(): object | undefined {
    return this.#connection;
  }

  /** The options of its connections are seen on one of them only. */
  async learn(): Promise<void> {
    const ask = (connection: object): DataClientOptions => {
      this.#connection = connection;
      return optionsOf(connection);
    };
    const options = (await invoke(this.#sentinel, ['_execute'], [false, ask])) as DataClientOptions;
    this.#primary = { id: idOf(options), client: undefined, options, primary: undefined };
  }

  /** The sentinel's method asks for a connection by `_execute`: what goes before goes on that one. */
  on(target: object, node: DataNode, before: Before, detoured: () => void): object {
    const execute = (_: boolean, use: Method): unknown => {
      const used = (client: object): unknown => {
        if (idOf(optionsOf(client)) !== node.id) detoured();
        before((command) => sendPlain(client, command));
        return use(client);
      };
      // As a write, so that no replica answers.
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
