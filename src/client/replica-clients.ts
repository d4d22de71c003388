// The data clients of replicas: given by the user, or found through their primary and made after its client.

import type { ReplicaClient } from '../options.js';
import { nodeName } from '../tracking/endpoint.js';
import type { Attached } from '../tracking/replication.js';
import { type KnownNode, optionsOf } from './connections/connections.js';
import { MadeClient } from './made-client.js';
import { invoke } from './methods.js';

interface Known {
  readonly id: string;
  readonly client: object;
  /** That it replicates; `undefined` for the only one there is. */
  readonly primary: string | undefined;
  /** If it was connected here, and has to be closed here. */
  readonly made: MadeClient | undefined;
}

export class ReplicaClients {
  readonly #given: readonly ReplicaClient[] | 'discover';
  readonly #inCluster: boolean;
  readonly #known = new Map<string, Known>();
  /** Those given may be needed again before they have ended. */
  readonly #ending = new WeakMap<object, MadeClient>();

  /** In a cluster, a replica answers only who says READONLY. */
  constructor(given: readonly ReplicaClient[] | 'discover', inCluster: boolean) {
    this.#given = given;
    this.#inCluster = inCluster;
  }

  /** Connects what was given. */
  start(): void {
    if (this.#given === 'discover') return;
    for (const client of this.#given) this.#add(nodeName(optionsOf(client).socket ?? {}), client, undefined);
  }

  /** Closes what was opened here. */
  stop(): void {
    for (const id of [...this.#known.keys()]) this.#remove(id);
  }

  /**
   * The primary has these replicas; `template` is a client that leads to it. @returns whether others than before are to
   * be read from
   */
  found(primary: string, template: object, attached: readonly Attached[]): boolean {
    if (this.#given !== 'discover') return false;
    const wanted = new Map(attached.map((replica) => [`${replica.host}:${replica.port}`, replica]));
    let changed = false;
    for (const known of [...this.#known.values()]) {
      if (known.primary !== primary || wanted.has(known.id)) continue;
      this.#remove(known.id);
      changed = true;
    }
    for (const [id, { host, port }] of wanted) {
      const known = this.#known.get(id);
      // A client may have given up to reconnect.
      if (known?.primary === primary && Reflect.get(known.client, 'isOpen') === true) continue;
      this.#remove(id);
      this.#add(id, this.#clientLike(template, host, port), primary);
      changed = true;
    }
    return changed;
  }

  /** Its connection answers no more. @returns whether another one takes its place: not where the user gave it */
  renew(id: string): boolean {
    const known = this.#known.get(id);
    if (known === undefined || this.#given !== 'discover') return false;
    this.#remove(id);
    this.#add(id, invoke(known.client, ['duplicate'], []) as object, known.primary);
    return true;
  }

  /** The replicas of these primaries; those of others are closed. */
  nodes(primaries: readonly KnownNode[]): KnownNode[] {
    const [first] = primaries;
    const nodes: KnownNode[] = [];
    for (const { id, client, primary = first?.id } of [...this.#known.values()]) {
      if (primaries.some((each) => each.id === primary))
        nodes.push({ id, client, options: optionsOf(client), primary });
      else if (primary !== undefined) this.#remove(id);
    }
    return nodes;
  }

  #add(id: string, client: object, primary: string | undefined): void {
    if (this.#known.has(id)) return;
    const ending = this.#ending.get(client);
    if (ending?.keep() === true) {
      this.#known.set(id, { id, client, primary, made: ending });
      return;
    }
    if (Reflect.get(client, 'isOpen') === true) {
      this.#known.set(id, { id, client, primary, made: undefined });
      return;
    }
    if (primary !== undefined) {
      // Whoever is not connected is not read from.
      invoke(client, ['on'], ['error', () => {}]);
      // Nobody else knows it: the user's own client decides how long the process lives.
      invoke(client, ['unref'], []);
    }
    this.#known.set(id, { id, client, primary, made: new MadeClient(client) });
  }

  #remove(id: string): void {
    const known = this.#known.get(id);
    this.#known.delete(id);
    if (known?.made === undefined) return;
    this.#ending.set(known.client, known.made);
    known.made.end();
  }

  /** The same client for another server: no waiting in a queue there, because the primary can answer instead. */
  #clientLike(template: object, host: string, port: number): object {
    const { path: _path, ...socket } = optionsOf(template).socket ?? {};
    const overrides = {
      url: undefined,
      socket: { ...socket, host, port },
      disableOfflineQueue: true,
      ...(this.#inCluster ? { readonly: true } : {}),
    };
    return invoke(template, ['duplicate'], [overrides]) as object;
  }
}
