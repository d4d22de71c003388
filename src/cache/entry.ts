// What is held for one key: the replies of one or more read commands on it, and which other keys' entries hold replies
// that hang on it too. The first reply lies in the entry itself: a hit on it reads one object, and most keys have no other.

import { isDeepStrictEqual } from 'node:util';
import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';
import { ENTRY_OVERHEAD, MORE_OVERHEAD, REPLY_OVERHEAD, stringBytes, TIE, valueBytes } from './size.js';

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
  /** What hits are handed, or what makes it of the value: kept here by whoever hands out, where it is worth the memory. */
  handOut: HandOut | undefined;
  /** Whether it is. */
  readonly isHot: boolean;
  /** When the key itself expires, at the earliest; infinite if it does not; NaN where it is not known. */
  readonly keyExpiresAt: number;
}

export type HandOut = Promise<unknown> | ((value: unknown) => unknown);

export function makeReply(
  id: string,
  value: unknown,
  expiresAt: number,
  order: number,
  others: readonly string[] = NO_OTHERS,
  keyExpiresAt = Number.NaN,
): Reply {
  return {
    id: ownCopy(id),
    value,
    // V8 keeps a whole number in the record itself, and any other in an object of its own.
    expiresAt: Math.floor(expiresAt),
    order,
    size: sizeOf(id, value, others),
    others: others.length === 0 ? NO_OTHERS : others.map(ownCopy),
    handOut: undefined,
    isHot: true,
    keyExpiresAt,
  };
}

function sizeOf(id: string, value: unknown, others: readonly string[]): number {
  let size = stringBytes(id) + valueBytes(value);
  for (const other of others) size += stringBytes(other);
  return size;
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
  /** Of the entry's own reply. Unit: bytes. */
  ownSize: number;
  /** Of everything else. Unit: bytes. */
  size = MORE_OVERHEAD;
  /** Further keys that the entry's own reply hangs on. */
  others = NO_OTHERS;
  /** See {@link Reply.keyExpiresAt}. */
  keyExpiresAt = Number.NaN;
  /** Replies beside the entry's own. */
  several: Map<string, Reply> | undefined;
  /** Keys whose entries hold replies that hang on this key too. */
  dependents: Set<string> | undefined;
  /** Replies to reads sent before this one may be older than what this process has seen of the key since ... */
  floor = 0;
  /** ... until everything up to this moment is proven to have been applied: only then do they stand for good. */
  floorAt = Number.NEGATIVE_INFINITY;

  constructor(ownSize: number) {
    this.ownSize = ownSize;
  }
}

/** Read since it was last looked at for room. */
export const USED = 1;
/** Among the hot ones. */
export const HOT = 2;

export class Entry implements Reply {
  readonly prefix: Prefix;
  readonly lease: Lease;
  /** {@link USED} and {@link HOT}: one number for both, because every entry pays for it. */
  marks = 0;

  // Its own reply.
  id = NONE;
  value: unknown = undefined;
  expiresAt = 0;
  order = 0;
  handOut: HandOut | undefined = undefined;

  #more: More | undefined = undefined;

  constructor(prefix: Prefix, lease: Lease) {
    this.prefix = prefix;
    this.lease = lease;
  }

  /** Found by one lookup among the hot ones. */
  get isHot(): boolean {
    return (this.marks & HOT) !== 0;
  }

  /** What it keeps for hits goes. */
  cool(): void {
    this.marks &= ~HOT;
    this.handOut = undefined;
  }

  /** Of its own reply. Not held where that is all there is: it is asked for when that is stored, and seldom again. */
  get size(): number {
    if (this.id === NONE) return 0;
    return this.#more?.ownSize ?? sizeOf(this.id, this.value, NO_OTHERS);
  }

  /** Estimated bytes of the entry, for the key that it is held under. `ownSize` is what {@link size} says, if it is known. */
  bytes(key: string, ownSize = this.size): number {
    return ENTRY_OVERHEAD + stringBytes(key) + ownSize + (this.#more?.size ?? 0);
  }

  /** Further keys that its own reply hangs on. */
  get others(): readonly string[] {
    return this.#more?.others ?? NO_OTHERS;
  }

  get keyExpiresAt(): number {
    return this.#more?.keyExpiresAt ?? Number.NaN;
  }

  get dependents(): Iterable<string> {
    return this.#more?.dependents ?? [];
  }

  /** Whether other keys' entries hang on this one, or it on them: if not, nothing else ends with it. */
  get mayBeTied(): boolean {
    return this.#more !== undefined;
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
      this.#take(reply);
      return;
    }
    const more = this.#furnish();
    more.size += reply.size - (several?.get(reply.id)?.size ?? -REPLY_OVERHEAD);
    more.several = (several ?? new Map<string, Reply>()).set(reply.id, reply);
  }

  #take({ id, value, expiresAt, order, size, others, keyExpiresAt }: Reply): void {
    this.id = id;
    this.value = value;
    this.expiresAt = expiresAt;
    this.order = order;
    this.handOut = undefined;
    if (this.#more === undefined && others.length === 0 && Number.isNaN(keyExpiresAt)) return;
    const more = this.#furnish();
    more.keyExpiresAt = keyExpiresAt;
    more.others = others;
    more.ownSize = size;
  }

  remove(id: string): void {
    if (this.id === id) {
      this.#take(NOTHING);
      return;
    }
    const more = this.#more;
    const reply = more?.several?.get(id);
    if (more?.several === undefined || reply === undefined) return;
    more.several.delete(id);
    if (more.several.size === 0) more.several = undefined;
    more.size -= reply.size + REPLY_OVERHEAD;
  }

  /** The entry of `key` holds a reply that hangs on this key. */
  link(key: string): void {
    const more = this.#furnish();
    more.dependents ??= new Set();
    if (more.dependents.has(key)) return;
    more.dependents.add(key);
    more.size += TIE;
  }

  unlink(key: string): void {
    const more = this.#more;
    if (!more?.dependents?.delete(key)) return;
    if (more.dependents.size === 0) more.dependents = undefined;
    more.size -= TIE;
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
    this.#more ??= new More(this.size);
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
  handOut: undefined,
  isHot: false,
  keyExpiresAt: Number.NaN,
};
