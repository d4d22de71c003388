// The bounded map from key to entry, over lru-cache: bounds in entries and bytes, for all and per prefix.
// Keeps no second index that could outgrow it.

import { LRUCache } from 'lru-cache';
import { Entry, ownCopy, type Reply } from './entry.js';
import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';

export interface StoreOptions {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Called for an entry that had to make room. */
  readonly onEvict: (key: string, prefix: Prefix) => void;
}

export class Store {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #lru: LRUCache<string, Entry>;
  /** Recency within a prefix that has a bound of its own. */
  readonly #bounded = new Map<Prefix, LRUCache<string, true>>();
  readonly #onEvict: (key: string, prefix: Prefix) => void;

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
      // After, because a listener may come back here, and lru-cache is in the middle of making room before.
      disposeAfter: (entry, key, reason) => {
        if (reason === 'evict') this.#evicted(key, entry.prefix);
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

  /** @returns false if the entry is larger than the store, or holds a newer reply already */
  put(key: string, reply: Reply, prefix: Prefix, lease: Lease, now: number): boolean {
    const held = this.#lru.peek(key);
    // An entry belongs to the node that answered: replies of another node do not mix with these.
    const kept = held?.lease === lease && held.prefix === prefix ? held : undefined;
    // Taken out first, because lru-cache re-measures only a different value.
    this.#lru.delete(key);
    const entry = kept ?? new Entry(key, prefix, lease);
    const added = entry.add(reply, now);
    if (entry.bytes > this.#maxBytes) return false;
    const name = ownCopy(key);
    prefix.entries++;
    this.#lru.set(name, entry, { size: entry.bytes });
    while (this.#lru.size > this.#maxEntries) this.#lru.pop();
    if (prefix.maxEntries !== undefined) this.#recency(prefix, prefix.maxEntries).set(name, true);
    return added;
  }

  delete(key: string): boolean {
    return this.#lru.delete(key);
  }

  /** Deletes every entry for which `doomed` says so. @returns how many */
  deleteWhere(doomed: (key: string, entry: Entry) => boolean): number {
    let deleted = 0;
    for (const [key, entry] of [...this.#lru.entries()]) {
      if (doomed(key, entry) && this.#lru.delete(key)) deleted++;
    }
    return deleted;
  }

  /** @returns how many entries were dropped */
  clear(): number {
    const dropped = this.#lru.size;
    this.#lru.clear();
    return dropped;
  }

  #evicted(key: string, prefix: Prefix): void {
    prefix.evictions++;
    this.#onEvict(key, prefix);
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
          this.#evicted(key, prefix);
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
