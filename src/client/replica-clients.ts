// The data clients of a standalone primary's replicas: given by the user, or found through the primary and made after the
// data client.

import type { Attached } from '../tracking/replication.js';
import { type KnownNode, optionsOf } from './connections/connections.js';
import { invoke, methodOf } from './methods.js';

interface ReplicaClient {
  readonly id: string;
  readonly client: object;
  /** It was connected by the near cache, which has to close it again. */
  isOurs: boolean;
}

export class ReplicaClients {
  readonly #given: readonly object[] | 'discover';
  /** What clients of replicas are made after: one that leads to the primary; `undefined` while there is none. */
  readonly #template: () => object | undefined;
  readonly #clients = new Map<string, ReplicaClient>();

  constructor(given: readonly object[] | 'discover', template: () => object | undefined) {
    this.#given = given;
    this.#template = template;
  }

  /** Connects what was given. */
  start(): void {
    if (this.#given === 'discover') return;
    for (const client of this.#given) this.#add(addressOf(client), client);
  }

  /** Closes what was opened here. */
  stop(): void {
    for (const id of [...this.#clients.keys()]) this.#remove(id);
  }

  /** The primary has these replicas. @returns whether others than before are to be read from */
  found(attached: readonly Attached[]): boolean {
    const template = this.#template();
    if (this.#given !== 'discover' || template === undefined) return false;
    const wanted = new Map(attached.map((replica) => [`${replica.host}:${replica.port}`, replica]));
    let changed = false;
    for (const id of [...this.#clients.keys()]) {
      if (wanted.has(id)) continue;
      this.#remove(id);
      changed = true;
    }
    for (const [id, { host, port }] of wanted) {
      if (this.#clients.has(id)) continue;
      this.#add(id, clientLike(template, host, port));
      changed = true;
    }
    return changed;
  }

  nodes(primary: string): KnownNode[] {
    return Array.from(this.#clients.values(), ({ id, client }) => ({
      id,
      client,
      options: optionsOf(client),
      primary,
    }));
  }

  #add(id: string, client: object): void {
    if (this.#clients.has(id)) return;
    const isOurs = Reflect.get(client, 'isOpen') !== true;
    this.#clients.set(id, { id, client, isOurs });
    if (!isOurs) return;
    // Whoever is not connected is not read from; the client goes on trying by itself.
    if (this.#given === 'discover') invoke(client, ['on'], ['error', () => {}]);
    Promise.resolve(invoke(client, ['connect'], [])).catch(() => {});
  }

  #remove(id: string): void {
    const known = this.#clients.get(id);
    this.#clients.delete(id);
    if (known?.isOurs !== true) return;
    try {
      const ended = invoke(known.client, [methodOf(known.client, 'destroy') ? 'destroy' : 'disconnect'], []);
      Promise.resolve(ended).catch(() => {});
    } catch {
      // It was closed already.
    }
  }
}

/** The same client for another server: no waiting in a queue there, because the primary can answer instead. */
function clientLike(template: object, host: string, port: number): object {
  const { path: _path, ...socket } = optionsOf(template).socket ?? {};
  const overrides = { url: undefined, socket: { ...socket, host, port }, disableOfflineQueue: true };
  return invoke(template, ['duplicate'], [overrides]) as object;
}

function addressOf(client: object): string {
  const { socket } = optionsOf(client);
  return String(socket?.path ?? `${socket?.host ?? 'localhost'}:${socket?.port ?? 6379}`);
}
