// The bounded map from key to entry, over lru-cache: bounds in entries and bytes, for all and per prefix.
// What it keeps beside, recency within prefixes and ties between keys, lives and ends with the entries.

import { LRUCache } from 'lru-cache';
import { Entry, makeReply, ownCopy, type Reply } from './entry.js';
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

export class Store {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #lru: LRUCache<string, Entry>;
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
    // Without `max`, which lru-cache would allocate at once: a bound in entries may be large where bytes are the bound.
    this.#lru = new LRUCache<string, Entry>({
      maxSize: options.maxBytes,
      dispose: (entry, key) => {
        entry.prefix.entries--;
        this.#bounded.get(entry.prefix)?.delete(key);
      },
      // Only noted, because one call of lru-cache may dispose of several, and is not to be called in between.
      disposeAfter: (entry, key, reason) => {
        if (entry !== this.#measured) this.#gone.push({ key, entry });
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

  /** Looks up and marks as recently used. */
  get(key: string): Entry | undefined {
    const entry = this.#lru.get(key);
    if (entry !== undefined && entry.prefix.maxEntries !== undefined) {
      this.#bounded.get(entry.prefix)?.get(key);
    }
    return entry;
  }

  /** Looks up without a trace. */
  peek(key: string): Entry | undefined {
    return this.#lru.peek(key);
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
    const news = this.#isNews(entry, reply, others);
    if (!entry.add(reply, news, now)) return false;
    if (news) this.#suspectDependents(entry, reply.order, now);
    const holds = (): boolean => this.peek(key)?.find(reply.id) === reply;
    if (!this.#set(key, entry)) return false;
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
    if (entry?.find(source.id) !== source) return;
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
    return new Entry(key, prefix, lease);
  }

  /** @returns false if the entry is larger than the store */
  #set(key: string, entry: Entry): boolean {
    const { prefix } = entry;
    const fits = entry.bytes <= this.#maxBytes;
    // Taken out first, because lru-cache re-measures only a different value.
    this.#measured = fits ? entry : undefined;
    const known = this.#lru.delete(key);
    this.#measured = undefined;
    if (!fits) {
      if (!known) this.#gone.push({ key, entry });
      this.#cutTies();
      return false;
    }
    const name = ownCopy(key);
    prefix.entries++;
    this.#lru.set(name, entry, { size: entry.bytes });
    while (this.#lru.size > this.#maxEntries) this.#lru.pop();
    // It may have been too large to stay.
    if (prefix.maxEntries !== undefined && this.#lru.peek(name) === entry)
      this.#recency(prefix, prefix.maxEntries).set(name, true);
    this.#cutTies();
    return true;
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
      for (const reply of [...entry.replies()])
        if (reply.others.includes(key)) this.#drop(dependent, entry, reply);
      this.#remeasure(dependent, entry);
    }
    for (const reply of gone.replies()) this.#untieReply(key, reply);
  }

  #drop(key: string, entry: Entry, reply: Reply): void {
    entry.remove(reply);
    this.#untieReply(key, reply, entry);
  }

  /** The reply of `key` is gone; `entry` may hold others that hang on the same keys. */
  #untieReply(key: string, reply: Reply, entry?: Entry): void {
    for (const other of reply.others) {
      const tied = this.peek(other);
      if (tied === undefined) continue;
      if (entry !== undefined && [...entry.replies()].some(({ others }) => others.includes(other))) continue;
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
