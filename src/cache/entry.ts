// What is held for one key: the replies of one or more read commands on it, and which other keys' entries hold replies
// that hang on it too.

import { isDeepStrictEqual } from 'node:util';
import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';
import { ENTRY_OVERHEAD, REPLY_OVERHEAD, stringBytes, valueBytes } from './size.js';

/** One held reply. `id` is the command with its arguments after the key; `expiresAt` is on the cache's clock. */
export interface Reply {
  readonly id: string;
  readonly value: unknown;
  readonly expiresAt: number;
  /** Rises with every read sent: of two replies of one node the higher is the newer. */
  readonly order: number;
  readonly bytes: number;
  /** Further keys that it hangs on. */
  readonly others: readonly string[];
  /** When the key itself expires, at the earliest; infinite if it does not; NaN where nobody asked. */
  readonly keyExpiresAt: number;
}

export function makeReply(
  id: string,
  value: unknown,
  expiresAt: number,
  order: number,
  others: readonly string[] = [],
): Reply {
  let bytes = REPLY_OVERHEAD + stringBytes(id) + valueBytes(value);
  for (const other of others) bytes += stringBytes(other);
  return {
    id: ownCopy(id),
    value,
    expiresAt,
    order,
    bytes,
    others: others.map(ownCopy),
    keyExpiresAt: Number.NaN,
  };
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
  /** Keys whose entries hold replies that hang on this key too. */
  #dependents: Set<string> | undefined;

  constructor(key: string, prefix: Prefix, lease: Lease) {
    this.prefix = prefix;
    this.lease = lease;
    this.bytes = ENTRY_OVERHEAD + stringBytes(key);
  }

  get dependents(): Iterable<string> {
    return this.#dependents ?? [];
  }

  get isEmpty(): boolean {
    return this.#only === undefined && this.#several === undefined && this.#dependents === undefined;
  }

  find(id: string): Reply | undefined {
    if (this.#only !== undefined) return this.#only.id === id ? this.#only : undefined;
    return this.#several?.get(id);
  }

  replies(): Iterable<Reply> {
    return this.#several?.values() ?? (this.#only === undefined ? [] : [this.#only]);
  }

  /**
   * Whether the reply may tell of another state than the held ones. One that says the same as before does not, unless
   * something was read in between: the key may have changed and changed back.
   */
  isNews(reply: Reply): boolean {
    const held = this.find(reply.id);
    if (held === undefined || !isDeepStrictEqual(held.value, reply.value)) return true;
    return this.hasReadsSince(held.order);
  }

  hasReadsSince(order: number): boolean {
    for (const reply of this.replies()) if (reply.order > order) return true;
    return false;
  }

  /** @returns false if a newer one is held */
  add(reply: Reply, news: boolean, now: number): boolean {
    const held = this.find(reply.id);
    if (held !== undefined && held.order > reply.order) return false;
    // News about one part of the key may tell of a state that the other parts' replies are older than (promise (d)).
    if (news) this.#suspectOthers(reply, now);
    this.set(reply);
    return true;
  }

  /** Without any conclusion for other replies. */
  set(reply: Reply): void {
    const held = this.find(reply.id);
    this.bytes += reply.bytes - (held?.bytes ?? 0);
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
  }

  remove(reply: Reply): void {
    if (this.#only === reply) this.#only = undefined;
    else if (!this.#several?.delete(reply.id)) return;
    if (this.#several?.size === 0) this.#several = undefined;
    this.bytes -= reply.bytes;
  }

  /** The entry of `key` holds a reply that hangs on this key. */
  link(key: string): void {
    this.#dependents ??= new Set();
    if (this.#dependents.has(key)) return;
    this.#dependents.add(key);
    this.bytes += REPLY_OVERHEAD;
  }

  unlink(key: string): void {
    if (!this.#dependents?.delete(key)) return;
    if (this.#dependents.size === 0) this.#dependents = undefined;
    this.bytes -= REPLY_OVERHEAD;
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
