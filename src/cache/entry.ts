// What is held for one key: the replies of one or more read commands on it, and which other keys' entries hold replies
// that hang on it too. The first reply lies in the entry itself: a hit on it reads one object, and most keys have no other.

import { isDeepStrictEqual } from 'node:util';
import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';
import { ENTRY_OVERHEAD, MORE_OVERHEAD, REPLY_OVERHEAD, stringBytes, valueBytes } from './size.js';

/** One held reply. Of one key, `id` and `order` tell it from all others, before and after. */
export interface Reply {
  /** The command with its arguments after the key. */
  readonly id: string;
  readonly value: unknown;
  /** Whole milliseconds on the cache's clock. */
  readonly expiresAt: number;
  /** Rises with every read sent: of two replies of one node the higher is the newer. */
  readonly order: number;
  /** Unit: bytes. */
  readonly size: number;
  /** Further keys that it hangs on. */
  readonly others: readonly string[];
  /** The value as hits are handed it, once one was. */
  settled: Promise<unknown> | undefined;
}

export function makeReply(
  id: string,
  value: unknown,
  expiresAt: number,
  order: number,
  others: readonly string[] = NO_OTHERS,
): Reply {
  let size = stringBytes(id) + valueBytes(value);
  for (const other of others) size += stringBytes(other);
  return {
    id: ownCopy(id),
    value,
    // V8 keeps a whole number in the record itself, and any other in an object of its own.
    expiresAt: Math.floor(expiresAt),
    order,
    size,
    others: others.length === 0 ? NO_OTHERS : others.map(ownCopy),
    settled: undefined,
  };
}

/** V8 keeps a part of a string as a view of the whole: a held key cut out of a large text would hold all of it. */
export function ownCopy(text: string): string {
  return text.length < SHORTEST_VIEW ? text : Buffer.from(text).toString();
}

const SHORTEST_VIEW = 13;
const NO_OTHERS: readonly string[] = [];
/** The name of no reply. */
const NONE = '';

/** What few entries have. */
class More {
  /** Further keys that the entry's own reply hangs on. */
  others = NO_OTHERS;
  /** Replies beside the entry's own. */
  several: Map<string, Reply> | undefined;
  /** Keys whose entries hold replies that hang on this key too. */
  dependents: Set<string> | undefined;
  /** Replies to reads sent before this one may be older than what this process has seen of the key since ... */
  floor = 0;
  /** ... until everything up to this moment is proven to have been applied: only then do they stand for good. */
  floorAt = Number.NEGATIVE_INFINITY;
}

export class Entry implements Reply {
  readonly prefix: Prefix;
  readonly lease: Lease;
  bytes: number;

  // Its own reply.
  id = NONE;
  value: unknown = undefined;
  expiresAt = 0;
  order = 0;
  size = 0;
  settled: Promise<unknown> | undefined = undefined;

  #more: More | undefined = undefined;

  constructor(key: string, prefix: Prefix, lease: Lease) {
    this.prefix = prefix;
    this.lease = lease;
    this.bytes = ENTRY_OVERHEAD + stringBytes(key);
  }

  /** Further keys that its own reply hangs on. */
  get others(): readonly string[] {
    return this.#more?.others ?? NO_OTHERS;
  }

  get dependents(): Iterable<string> {
    return this.#more?.dependents ?? [];
  }

  get isEmpty(): boolean {
    return this.id === NONE && this.#more?.several === undefined && this.#more?.dependents === undefined;
  }

  find(id: string): Reply | undefined {
    return this.id === id ? this : this.#more?.several?.get(id);
  }

  /** Of each, what is held now. */
  replies(): readonly Reply[] {
    const several = this.#more?.several?.values() ?? [];
    return this.id === NONE ? [...several] : [this, ...several];
  }

  /** Since when what was seen of the key is to be proven; see {@link suspect}. Unit: ms on the cache's clock. */
  get floorAt(): number {
    return this.#more?.floorAt ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether this process has seen a newer state of the key than the reply may tell of, not yet proven to be applied. */
  isSuspect(reply: Reply): boolean {
    const more = this.#more;
    return more !== undefined && reply.order < more.floor && this.lease.provenAsOf < more.floorAt;
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
    if (this.id !== NONE && this.order > order) return true;
    for (const reply of this.#more?.several?.values() ?? []) if (reply.order > order) return true;
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
    const several = this.#more?.several;
    if (this.id === reply.id || (this.id === NONE && several?.has(reply.id) !== true)) {
      this.bytes += reply.size - this.size;
      this.#take(reply);
      return;
    }
    this.bytes += reply.size - (several?.get(reply.id)?.size ?? -REPLY_OVERHEAD);
    this.#furnish().several = (several ?? new Map<string, Reply>()).set(reply.id, reply);
  }

  #take({ id, value, expiresAt, order, size, others }: Reply): void {
    this.id = id;
    this.value = value;
    this.expiresAt = expiresAt;
    this.order = order;
    this.size = size;
    this.settled = undefined;
    if (others.length > 0) this.#furnish().others = others;
    else if (this.#more !== undefined) this.#more.others = NO_OTHERS;
  }

  remove(id: string): void {
    if (this.id === id) {
      this.bytes -= this.size;
      this.#take(NOTHING);
      return;
    }
    const more = this.#more;
    const reply = more?.several?.get(id);
    if (more?.several === undefined || reply === undefined) return;
    more.several.delete(id);
    if (more.several.size === 0) more.several = undefined;
    this.bytes -= reply.size + REPLY_OVERHEAD;
  }

  /** The entry of `key` holds a reply that hangs on this key. */
  link(key: string): void {
    const more = this.#furnish();
    more.dependents ??= new Set();
    if (more.dependents.has(key)) return;
    more.dependents.add(key);
    this.bytes += REPLY_OVERHEAD;
  }

  unlink(key: string): void {
    const more = this.#more;
    if (!more?.dependents?.delete(key)) return;
    if (more.dependents.size === 0) more.dependents = undefined;
    this.bytes -= REPLY_OVERHEAD;
  }

  /** What was read before `order` is held back until `now` is proven, or until it is read anew. */
  suspect(order: number, now: number): void {
    const more = this.#furnish();
    more.floor = Math.max(more.floor, order);
    more.floorAt = now;
  }

  #suspectOthers(reply: Reply, now: number): void {
    const isAlone = this.#more?.several === undefined && (this.id === NONE || this.id === reply.id);
    if (!isAlone) this.suspect(reply.order, now);
  }

  #furnish(): More {
    if (this.#more === undefined) {
      this.#more = new More();
      this.bytes += MORE_OVERHEAD;
    }
    return this.#more;
  }
}

const NOTHING: Reply = {
  id: NONE,
  value: undefined,
  expiresAt: 0,
  order: 0,
  size: 0,
  others: NO_OTHERS,
  settled: undefined,
};
