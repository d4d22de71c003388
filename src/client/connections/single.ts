// One connection to one server.

import {
  type Before,
  type Connections,
  type DataNode,
  type KnownNode,
  optionsOf,
  sendPlain,
} from './connections.js';

/** The name of the only node of a client that has one. */
export const ONLY_NODE = 'only';

export class SingleConnection implements Connections {
  readonly isOrdered = true;
  readonly change = 'never';
  readonly #client: object;
  readonly #node: DataNode = { id: ONLY_NODE, client: undefined };

  constructor(client: object) {
    this.#client = client;
  }

  get isReady(): boolean {
    return Reflect.get(this.#client, 'isReady') === true;
  }

  get isWhole(): boolean {
    return this.isReady;
  }

  get isClosed(): boolean {
    return Reflect.get(this.#client, 'isOpen') !== true;
  }

  template(): object {
    return this.#client;
  }

  nodeOf(): DataNode {
    return this.#node;
  }

  nodes(): KnownNode[] {
    return [{ ...this.#node, options: optionsOf(this.#client), primary: undefined }];
  }

  async learn(): Promise<void> {}

  on(target: object, _: DataNode, before: Before): object {
    before((command) => sendPlain(this.#client, command));
    return target;
  }

  atPrimary(target: object): object {
    return target;
  }
}
