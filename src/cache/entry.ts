// What is held for one key: the replies of one or more read commands on it.

import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';
import { sameValue } from './same-value.js';
import { ENTRY_OVERHEAD, REPLY_OVERHEAD, stringBytes, valueBytes } from './size.js';

/** One held reply. `id` is the command with its arguments after the key; `expiresAt` is on the cache's clock. */
export interface Reply {
  readonly id: string;
  readonly value: unknown;
  readonly expiresAt: number;
  /** Rises with every read sent: of two replies of one node the higher is the newer. */
  readonly order: number;
  readonly bytes: number;
}

export function makeReply(id: string, value: unknown, expiresAt: number, order: number): Reply {
  const bytes = REPLY_OVERHEAD + stringBytes(id) + valueBytes(value);
  return { id: ownCopy(id), value, expiresAt, order, bytes };
}

/** V8 keeps a part of a string as a view of the whole: a held key cut out of a large text would hold all of it. */
export function ownCopy(text: string): string {
  return text.length < SHORTEST_VIEW ? text : Buffer.from(text).toString();
}

const SHORTEST_VIEW = 13;

export class Entry {
  readonly prefix: Prefix;
  readonly lease: Lease;
  bytes: number;
  /** Replies to reads sent before this one may be older than what this process has seen of the key since ... */
  floor = 0;
  /** ... until everything up to this moment is proven to have been applied: only then do they stand for good. */
  floorAt = Number.NEGATIVE_INFINITY;
  /** Most keys are read by one command only: its reply needs no map. */
  #only: Reply | undefined;
  #several: Map<string, Reply> | undefined;

  constructor(key: string, prefix: Prefix, lease: Lease) {
    this.prefix = prefix;
    this.lease = lease;
    this.bytes = ENTRY_OVERHEAD + stringBytes(key);
  }

  find(id: string): Reply | undefined {
    if (this.#only !== undefined) return this.#only.id === id ? this.#only : undefined;
    return this.#several?.get(id);
  }

  /** @returns false if a newer one is held */
  add(reply: Reply, now: number): boolean {
    const held = this.find(reply.id);
    if (held !== undefined && held.order > reply.order) return false;
    this.bytes += reply.bytes - (held?.bytes ?? 0);
    // News about one part of the key may tell of a state that the other parts' replies are older than (promise (d)).
    if (held === undefined || !sameValue(held.value, reply.value)) this.#suspectOthers(reply, now);
    if (this.#several !== undefined) {
      this.#several.set(reply.id, reply);
    } else if (this.#only === undefined || held !== undefined) {
      this.#only = reply;
    } else {
      this.#several = new Map([
        [this.#only.id, this.#only],
        [reply.id, reply],
      ]);
      this.#only = undefined;
    }
    return true;
  }

  /** What was read before `order` is held back until `now` is proven, or until it is read anew. */
  suspect(order: number, now: number): void {
    this.floor = Math.max(this.floor, order);
    this.floorAt = now;
  }

  #suspectOthers(reply: Reply, now: number): void {
    const others = this.#several !== undefined || (this.#only !== undefined && this.#only.id !== reply.id);
    if (others) this.suspect(reply.order, now);
  }
}
