// The bounded map from key to entry, over lru-cache: bounds in entries and bytes, for all and per prefix.
// What it keeps beside, recency within prefixes and ties between keys, lives and ends with the entries.

import { LRUCache } from 'lru-cache';
import { Entry, HOT, makeReply, ownCopy, type Reply, USED } from './entry.js';
import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';

export interface StoreOptions {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Called for an entry that had to make room. */
  readonly onEvict: (key: string, prefix: Prefix) => void;
}

/** Keys beside the first that a reply hangs on, each with its prefix. */
export type Others = readonly (readonly [key: string, prefix: Prefix])[];

/** Where all entries are in use, one fill must not go through all of them. */
const MAX_CHANCES = 64;

/** A bound in entries above it is rather a way to say that bytes are the bound. */
const MAX_PREPARED = 100_000;
/** How many entries are found by one lookup in a map of their own: some 40 bytes each. */
const MAX_HOT = 4_096;
/** After so many look-ups of entries that have no place there, all places are given away anew. */
const MAX_TURNED_AWAY = 16 * MAX_HOT;

export class Store {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #lru: LRUCache<string, Entry>;
  /** Entries that were asked for: found at half of the cost. It holds nothing that the LRU does not. */
  readonly #hot = new Map<string, Entry>();
  #turnedAway = 0;
  /** Recency within a prefix that has a bound of its own. */
  readonly #bounded = new Map<Prefix, LRUCache<string, true>>();
  readonly #onEvict: (key: string, prefix: Prefix) => void;
  /** The entry that is only being measured anew. */
  #measured: Entry | undefined;
  /** Entries that are gone and whose ties are still to be cut. lru-cache must be at rest for that. */
  readonly #gone: { readonly key: string; readonly entry: Entry }[] = [];
  #cutting = false;
  /** Entries that had to make room, of which nobody was told yet. */
  readonly #madeRoom: { readonly key: string; readonly prefix: Prefix }[] = [];

  constructor(options: StoreOptions) {
    this.#onEvict = options.onEvict;
    this.#maxEntries = options.maxEntries;
    this.#maxBytes = options.maxBytes;
    this.#lru = new LRUCache<string, Entry>({
      // lru-cache makes room for all of them at once, and needs less that way.
      max: options.maxEntries <= MAX_PREPARED ? options.maxEntries : 0,
      maxSize: options.maxBytes,
      dispose: (entry, key) => {
        if (this.#hot.delete(key)) entry.cool();
        entry.prefix.entries--;
        this.#bounded.get(entry.prefix)?.delete(key);
      },
      // Only noted, because one call of lru-cache may dispose of several, and is not to be called in between.
      disposeAfter: (entry, key, reason) => {
        if (entry.mayBeTied && entry !== this.#measured) this.#gone.push({ key, entry });
        if (reason === 'evict') this.#madeRoom.push({ key, prefix: entry.prefix });
      },
    });
  }

  get entries(): number {
    return this.#lru.size;
  }

  get bytes(): number {
    return this.#lru.calculatedSize;
  }

  /**
   * Looks up and marks as recently used. Only marks: to move an entry to the front for every hit, as lru-cache's own
   * `get` does, would cost a hit a third more. See {@link #makeRoom}.
   */
  get(key: string): Entry | undefined {
    const entry = this.#hot.get(key) ?? this.#warm(key);
    if (entry === undefined) return undefined;
    entry.marks |= USED;
    if (entry.prefix.maxEntries !== undefined) this.#bounded.get(entry.prefix)?.get(key);
    return entry;
  }

  /** Looks up what may be served, and leaves its recency as it is. */
  look(key: string): Entry | undefined {
    return this.#hot.get(key) ?? this.#warm(key);
  }

  /** Looks up without a trace. */
  peek(key: string): Entry | undefined {
    return this.#lru.peek(key);
  }

  /** What is looked up gets a place among the hot entries, while there is one. */
  #warm(key: string): Entry | undefined {
    const entry = this.#lru.peek(key);
    if (entry === undefined) return undefined;
    if (this.#hot.size < MAX_HOT) {
      this.#hot.set(ownCopy(key), entry);
      entry.marks |= HOT;
    } else if (++this.#turnedAway > MAX_TURNED_AWAY) {
      this.#cool();
    }
    return entry;
  }

  /** Gives all places away anew. */
  #cool(): void {
    for (const entry of this.#hot.values()) entry.cool();
    this.#hot.clear();
    this.#turnedAway = 0;
  }

  /**
   * Holds a reply. One that hangs on further keys (`others`, each with its prefix) is tied to their entries: when one of
   * these goes, so does it.
   * @returns false if the entry is larger than the store, or holds a newer reply already
   */
  put(key: string, reply: Reply, prefix: Prefix, lease: Lease, now: number, others: Others = []): boolean {
    const held = this.#put(key, reply, prefix, lease, now, others);
    this.#tellEvicted();
    return held;
  }

  #put(key: string, reply: Reply, prefix: Prefix, lease: Lease, now: number, others: Others): boolean {
    const entry = this.#entry(key, prefix, lease);
    const isNew = entry.isEmpty;
    const news = this.#isNews(entry, reply, others);
    if (!entry.add(reply, news, now)) return false;
    if (news) this.#suspectDependents(entry, reply.order, now);
    const holds = (): boolean => this.peek(key)?.find(reply.id)?.order === reply.order;
    if (!this.#set(key, entry, isNew ? reply.size : undefined)) return false;
    for (const [other, itsPrefix] of others) {
      // Making room for one may have cost another.
      if (!holds()) return false;
      const tied = this.#entry(other, itsPrefix, lease);
      if (news) {
        tied.suspect(reply.order, now);
        this.#suspectDependents(tied, reply.order, now, key);
      }
      tied.link(key);
      this.#set(other, tied);
    }
    return holds();
  }

  /** Something newer was seen of `key`: what hangs on it is held back until `now` is proven. */
  suspect(key: string, order: number, now: number): void {
    const entry = this.peek(key);
    if (entry === undefined) return;
    entry.suspect(order, now);
    this.#suspectDependents(entry, order, now);
  }

  /** Adds what was made of a held reply, for as long as that is held. */
  derive(key: string, source: Reply, id: string, value: unknown, until = source.expiresAt): void {
    const entry = this.peek(key);
    if (entry?.find(source.id)?.order !== source.order) return;
    entry.set(makeReply(id, value, Math.min(source.expiresAt, until), source.order, source.others));
    this.#set(key, entry);
    this.#tellEvicted();
  }

  /** The same for all that hangs on the entry's key, and on the further keys of the reply. */
  #isNews(entry: Entry, reply: Reply, others: Others): boolean {
    const held = entry.find(reply.id);
    if (held === undefined || entry.isNews(reply)) return true;
    const touched = [entry, ...others.map(([key]) => this.peek(key))];
    return touched.some(
      (each) =>
        each !== undefined &&
        (each.hasReadsSince(held.order) ||
          Array.from(each.dependents).some((key) => this.peek(key)?.hasReadsSince(held.order))),
    );
  }

  #suspectDependents(entry: Entry, order: number, now: number, except?: string): void {
    for (const key of entry.dependents) if (key !== except) this.peek(key)?.suspect(order, now);
  }

  /** What is held for the key, or a new entry: replies of another node or prefix do not mix with these. */
  #entry(key: string, prefix: Prefix, lease: Lease): Entry {
    const held = this.#lru.peek(key);
    if (held?.lease === lease && held.prefix === prefix) return held;
    this.delete(key);
    return new Entry(prefix, lease);
  }

  /**
   * `sizeOfNew` is the size of the only reply of an entry that is not held yet.
   * @returns false if the entry is larger than the store
   */
  #set(key: string, entry: Entry, sizeOfNew?: number): boolean {
    const { prefix } = entry;
    const size = entry.bytes(key, sizeOfNew);
    const fits = size <= this.#maxBytes;
    const known = sizeOfNew === undefined && this.#takeOut(key, fits ? entry : undefined);
    if (!fits) {
      if (!known) this.#gone.push({ key, entry });
      this.#cutTies();
      return false;
    }
    const name = ownCopy(key);
    this.#makeRoom(size);
    prefix.entries++;
    this.#lru.set(name, entry, { size });
    // It may have been too large to stay.
    if (prefix.maxEntries !== undefined && this.#lru.peek(name) === entry)
      this.#recency(prefix, prefix.maxEntries).set(name, true);
    this.#cutTies();
    return true;
  }

  /** Because lru-cache measures only a value anew that is another one. @returns whether the key was held */
  #takeOut(key: string, measured: Entry | undefined): boolean {
    this.#measured = measured;
    const known = this.#lru.delete(key);
    this.#measured = undefined;
    return known;
  }

  /** So that `size` bytes more fit in. The oldest goes, unless it was used since it was last looked at: CLOCK, or second chance. */
  #makeRoom(size: number): void {
    let chances = MAX_CHANCES;
    while (this.#lru.size >= this.#maxEntries || this.#lru.calculatedSize + size > this.#maxBytes) {
      const [oldest] = this.#lru.rkeys();
      if (oldest === undefined) return;
      const entry = this.#lru.peek(oldest);
      if (entry !== undefined && (entry.marks & USED) !== 0 && chances-- > 0) {
        entry.marks &= ~USED;
        this.#lru.get(oldest);
      } else {
        this.#lru.pop();
      }
    }
  }

  /** One at a time: cutting ties takes out entries that have ties of their own. */
  #cutTies(): void {
    if (this.#cutting) return;
    this.#cutting = true;
    for (let next = this.#gone.shift(); next !== undefined; next = this.#gone.shift())
      this.#untie(next.key, next.entry);
    this.#cutting = false;
  }

  /** When everything is in its place, because a listener may come back here. */
  #tellEvicted(): void {
    for (let next = this.#madeRoom.shift(); next !== undefined; next = this.#madeRoom.shift()) {
      next.prefix.evictions++;
      this.#onEvict(next.key, next.prefix);
    }
  }

  /** An entry is gone: so are the replies elsewhere that hang on it, and the ties of its own replies. */
  #untie(key: string, gone: Entry): void {
    for (const dependent of gone.dependents) {
      const entry = this.peek(dependent);
      if (entry === undefined) continue;
      for (const reply of entry.replies())
        if (reply.others.includes(key)) this.#drop(dependent, entry, reply);
      this.#remeasure(dependent, entry);
    }
    for (const { others } of gone.replies()) this.#untieReply(key, others);
  }

  #drop(key: string, entry: Entry, reply: Reply): void {
    // The reply may be the entry itself.
    const { id, others } = reply;
    entry.remove(id);
    this.#untieReply(key, others, entry);
  }

  /** A reply of `key` that hung on `ties` is gone; `entry` may hold others that hang on the same keys. */
  #untieReply(key: string, ties: readonly string[], entry?: Entry): void {
    for (const other of ties) {
      const tied = this.peek(other);
      if (tied === undefined) continue;
      if (entry?.replies().some(({ others }) => others.includes(other))) continue;
      tied.unlink(key);
      this.#remeasure(other, tied);
    }
  }

  #remeasure(key: string, entry: Entry): void {
    if (entry.isEmpty) this.delete(key);
    else if (this.#lru.peek(key) === entry) this.#set(key, entry);
  }

  delete(key: string): boolean {
    const held = this.#lru.delete(key);
    this.#cutTies();
    return held;
  }

  /** Deletes every entry for which `doomed` says so. @returns how many */
  deleteWhere(doomed: (key: string, entry: Entry) => boolean): number {
    let deleted = 0;
    for (const [key, entry] of [...this.#lru.entries()]) {
      if (doomed(key, entry) && this.delete(key)) deleted++;
    }
    return deleted;
  }

  /** @returns how many entries were dropped */
  clear(): number {
    const dropped = this.#lru.size;
    this.#lru.clear();
    this.#cutTies();
    return dropped;
  }

  #recency(prefix: Prefix, max: number): LRUCache<string, true> {
    let recency = this.#bounded.get(prefix);
    if (recency === undefined) {
      recency = new LRUCache<string, true>({
        maxSize: max,
        sizeCalculation: () => 1,
        // After, because dropping the entry comes back here while it would still be in the middle of making room.
        disposeAfter: (_, key, reason) => {
          if (reason !== 'evict') return;
          this.#lru.delete(key);
          this.#madeRoom.push({ key, prefix });
        },
      });
      this.#bounded.set(prefix, recency);
    }
    return recency;
  }

  /** Forgets the bookkeeping of a prefix that was unregistered. */
  forget(prefix: Prefix): void {
    this.#bounded.delete(prefix);
  }
}
