// The coherence core: what may be served, joined and stored, and what a change does to it (rules C1 to C9).
// Pure state: no I/O, no timers, time comes in from outside; it knows keys and replies, never Redis or clients.

import { isDeepStrictEqual } from 'node:util';
import { Detours } from './detours.js';
import { type Entry, makeReply, type Reply } from './entry.js';
import type { CoherenceObserver, FlushReason, RevokeReason } from './events.js';
import { Flight, FlightTable, type FlightTerms } from './flights.js';
import type { Lease } from './lease.js';
import { Leases } from './leases.js';
import type { Prefix, PrefixSettings } from './prefix.js';
import { PrefixRegistry } from './prefixes.js';
import { Store } from './store.js';
import { type Clock, type EndOfTurn, TurnClock } from './turn-clock.js';
import { KeyWatches } from './watches.js';

export interface CoherenceOptions {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Unit: ms. */
  readonly ttl: number;
  /** Unit: ms. */
  readonly maxStaleness: number;
  readonly clock: Clock;
  readonly endOfTurn?: EndOfTurn;
  readonly observer: CoherenceObserver;
  /** Reads are answered in the order they were sent: one connection, not a pool. Default: true. */
  readonly ordered?: boolean;
  /** Some reads go to replicas. Default: false. */
  readonly readsReplicas?: boolean;
}

/**
 * What is known of a reply beside its value: `undefined` where nobody asked for the key's expiry. `remaining` is
 * infinite for keys that do not expire or are missing.
 */
export type Expiry = { readonly exists: boolean; readonly remaining: number } | undefined;

export class Coherence {
  readonly prefixes = new PrefixRegistry();
  readonly watches = new KeyWatches();
  readonly store: Store;
  flushes = 0;
  evictions = 0;

  readonly leases: Leases;
  /** Where replicas are read from: what the primary has told that they may not know yet. */
  readonly detours: Detours | undefined;

  readonly #flights = new FlightTable();
  readonly #clock: TurnClock;
  readonly #ttl: number;
  readonly #observer: CoherenceObserver;
  readonly #ordered: boolean;
  /** Counts reads sent, to tell which of two replies is the newer. */
  #departures = 0;

  constructor(options: CoherenceOptions) {
    this.#clock = new TurnClock(options.clock, options.endOfTurn);
    this.#ttl = options.ttl;
    this.#observer = options.observer;
    this.#ordered = options.ordered ?? true;
    this.detours = options.readsReplicas === true ? new Detours() : undefined;
    this.leases = new Leases(this.#clock, options.maxStaleness, options.observer);
    this.store = new Store({
      maxEntries: options.maxEntries,
      maxBytes: options.maxBytes,
      onEvict: (key, prefix) => {
        this.evictions++;
        this.#observer.evicted(key, prefix);
      },
    });
  }

  /** Now, on the scale of all leases, flights and entries. Unit: ms. */
  now(): number {
    return this.#clock.exact();
  }

  // --- reads -----------------------------------------------------------------------------------------------

  /** The hot path: what is held and may be served. Does not allocate. */
  hit(key: string, id: string): Reply | undefined {
    const entry = this.store.get(key);
    if (entry === undefined) return undefined;
    const reply = entry.find(id);
    if (reply === undefined) return undefined;
    const now = this.#clock.coarse();
    if (!isLive(entry, reply, now) || entry.isSuspect(reply)) return undefined;
    entry.prefix.hits++;
    return reply;
  }

  /** The value of a {@link hit}; `undefined` if nothing may be served. */
  lookup(key: string, id: string): unknown {
    return this.hit(key, id)?.value;
  }

  /** Like {@link lookup}, but leaves no trace in recency or counters. */
  peek(key: string, id: string): unknown {
    const entry = this.store.look(key);
    if (entry === undefined) return undefined;
    const reply = entry.find(id);
    if (reply === undefined) return undefined;
    return isLive(entry, reply, this.#clock.coarse()) && !entry.isSuspect(reply) ? reply.value : undefined;
  }

  /**
   * If a held reply lacks nothing but the proof that it is not older than what this process has seen of its key since:
   * its entry, whose `floorAt` must be proven by its lease. Else `undefined`.
   */
  suspected(key: string, id: string): Entry | undefined {
    const entry = this.store.peek(key);
    const reply = entry?.find(id);
    if (entry === undefined || reply === undefined || !entry.isSuspect(reply)) return undefined;
    return isLive(entry, reply, this.#clock.coarse()) ? entry : undefined;
  }

  /** Whether replies of this lease's node for keys under `prefix` may be joined and stored now. */
  mayFill(lease: Lease, prefix: Prefix): boolean {
    return this.#clock.coarse() < lease.serveUntil && lease.covered.has(prefix);
  }

  /** The flight that a read may join: one that nothing has happened to since it was sent. */
  join(key: string, id: string, prefix: Prefix): Flight | undefined {
    const flight = this.#flights.find(key, id);
    if (flight === undefined || !this.mayFill(flight.lease, prefix)) return undefined;
    prefix.coalesced++;
    return flight;
  }

  /** Call right before the read is sent, if {@link mayFill} allows. */
  depart(key: string, id: string, prefix: Prefix, lease: Lease, terms: FlightTerms = {}): Flight {
    const flight = new Flight(key, id, prefix, lease, ++this.#departures, this.#clock.exact(), terms);
    this.#flights.add(flight);
    prefix.misses++;
    return flight;
  }

  /**
   * The reply is there: store it, unless anything happened to the key, the lease or the session since the read was
   * sent. `id` names the reply among those of its key. @returns whether it was stored
   */
  land(flight: Flight, id: string, value: unknown, expiry: Expiry): boolean {
    this.#flights.remove(flight);
    this.#detoured(flight);
    const { key, others } = flight;
    const stored = this.#mayStore(flight, value, expiry) && this.#put(flight, id, value, expiry);
    if (!this.#ordered) {
      // Reads under way may have been answered by the server before this one was: other connections brought them.
      this.#flights.poison(key);
      for (const other of others) this.#flights.poison(other);
    }
    if (stored) flight.prefix.fills++;
    else this.discard(flight);
    return stored;
  }

  /** The primary answered: a replica that is asked next must not know less (rule C9). */
  #detoured({ key, lease, others }: Flight): void {
    if (this.detours === undefined || lease.isReplica) return;
    for (const read of [key, ...others]) this.detours.note(read, this.#clock.exact());
  }

  /** The reply is there and not fit to be stored. */
  discard(flight: Flight): void {
    this.fail(flight);
    flight.prefix.discardedFills++;
  }

  /** A reply that is not stored was seen all the same, an error too: what is held may be older (promise (d)). */
  #seen(flight: Flight): void {
    const { key, order, others } = flight;
    this.#detoured(flight);
    const since = this.#ordered ? order : ++this.#departures;
    for (const seen of [key, ...others]) this.store.suspect(seen, since, this.#clock.exact());
  }

  /** The read failed: nothing is stored, the error is for those who wait. */
  fail(flight: Flight): void {
    this.#flights.remove(flight);
    this.#seen(flight);
  }

  #mayStore(flight: Flight, value: unknown, expiry: Expiry): boolean {
    if (flight.poisoned) return false;
    if (!flight.lease.armed || flight.lease.epoch !== flight.epoch) return false;
    if (flight.prefix.cacheNil) return true;
    return expiry === undefined ? value !== null : expiry.exists;
  }

  #put(flight: Flight, id: string, value: unknown, expiry: Expiry): boolean {
    const { key, others, prefix, lease, order, sentAt, maxTtl } = flight;
    let life = Math.min(
      maxTtl,
      prefix.ttl,
      this.#ttl,
      lease.maxTtl,
      expiry?.remaining ?? Number.POSITIVE_INFINITY,
    );
    const tied: [string, Prefix][] = [];
    for (const other of others) {
      const itsPrefix = this.prefixes.match(other);
      if (itsPrefix === undefined || !lease.covered.has(itsPrefix)) return false;
      tied.push([other, itsPrefix]);
      life = Math.min(life, itsPrefix.ttl);
    }
    const keyExpiresAt = prefix.keepsExpiry ? sentAt + (expiry?.remaining ?? Number.NaN) : Number.NaN;
    const reply = makeReply(id, value, sentAt + life, order, others, keyExpiresAt);
    return this.store.put(key, reply, prefix, lease, this.#clock.exact(), tied);
  }

  /**
   * A read of `key` that went past the cache was answered: this process has seen a state of the key that everything
   * read before may be older than (promise (d)).
   */
  observed(key: string): void {
    this.detours?.note(key, this.#clock.exact());
    this.#flights.poison(key);
    this.store.suspect(key, ++this.#departures, this.#clock.exact());
  }

  /**
   * Holds what was made of the reply `of`, under the name `id`, for as long as that reply is held and is `source`, but not
   * after `until`.
   */
  derive(key: string, of: string, source: unknown, id: string, value: unknown, until?: number): void {
    const reply = this.replyOf(key, of, source);
    if (reply !== undefined) this.store.derive(key, reply, id, value, until);
  }

  /** The held reply of this name, if it is this one. */
  replyOf(key: string, id: string, value: unknown): Reply | undefined {
    const reply = this.store.peek(key)?.find(id);
    return isDeepStrictEqual(reply?.value, value) ? reply : undefined;
  }

  // --- changes ---------------------------------------------------------------------------------------------

  /** This process changes `key`, or has changed it (rules C4, C9). */
  change(key: string): void {
    this.detours?.note(key, this.#clock.exact());
    this.drop(key);
    this.watches.tell(key, 'own');
  }

  /** Something about `key` may change or has changed. @returns whether anything was held or on its way */
  drop(key: string): boolean {
    const poisoned = this.#flights.poison(key);
    return this.store.delete(key) || poisoned;
  }

  /** The server says that `key` changed. */
  invalidate(key: string): void {
    this.watches.tell(key, 'pushed');
    const prefix = this.store.peek(key)?.prefix ?? this.prefixes.match(key);
    const held = this.drop(key);
    if (prefix === undefined) return;
    prefix.invalidations++;
    if (!held) prefix.wastedInvalidations++;
  }

  /** Drops every entry and poisons every flight. */
  flush(reason: FlushReason): void {
    if (reason === 'connection-state') this.detours?.noteAll(this.#clock.exact());
    this.#flights.poisonWhere(() => true);
    this.#flushed(reason, this.store.clear());
  }

  #flushLease(lease: Lease, reason: FlushReason): void {
    this.#flights.poisonWhere((flight) => flight.lease === lease);
    this.#flushed(
      reason,
      this.leases.size === 1
        ? this.store.clear()
        : this.store.deleteWhere((_, entry) => entry.lease === lease),
    );
  }

  #flushed(reason: FlushReason, entries: number): void {
    this.watches.tellAll('flushed');
    // Arming flushes for safety's sake what the loss before it has flushed: no news unless there was something.
    if (reason === 'armed' && entries === 0) return;
    this.flushes++;
    this.#observer.flushed(reason, entries);
  }

  register(name: string, settings: PrefixSettings): Prefix {
    const prefix = this.prefixes.add(name, settings);
    // What a shorter prefix holds, or old settings brought, goes: it comes back under this prefix, by its settings.
    this.#flights.poisonWhere(
      ({ key, others }) =>
        this.prefixes.match(key) === prefix || others.some((other) => this.prefixes.match(other) === prefix),
    );
    this.store.deleteWhere((key) => this.prefixes.match(key) === prefix);
    this.store.forget(prefix);
    return prefix;
  }

  unregister(name: string): boolean {
    const prefix = this.prefixes.remove(name);
    if (prefix === undefined) return false;
    this.#flights.poisonWhere(
      (flight) =>
        flight.prefix === prefix || flight.others.some((other) => this.prefixes.match(other) === undefined),
    );
    this.store.deleteWhere((_, entry) => entry.prefix === prefix);
    this.store.forget(prefix);
    for (const lease of this.leases) lease.covered.delete(prefix);
    return true;
  }

  // --- leases ----------------------------------------------------------------------------------------------

  /** The node is not read from any more. */
  closeLease(lease: Lease): void {
    this.revoke(lease, 'moved');
    this.leases.delete(lease);
  }

  /** Drops what this lease's node vouched for and `doomed` names, and poisons such flights. */
  forget(lease: Lease, doomed: (key: string) => boolean): void {
    this.#flights.poisonWhere((flight) => flight.lease === lease && doomed(flight.key));
    this.#flushed(
      'moved',
      this.store.deleteWhere((key, entry) => entry.lease === lease && doomed(key)),
    );
  }

  /**
   * Invalidations arrive from now on for the covered prefixes. Arm, flush, then serve (rule C5). Whatever is stored from
   * here on was read after this moment, so what the node had applied by now is proven: at a replica, what it covers.
   */
  arm(lease: Lease, covered: Iterable<Prefix>, coversAsOf = Number.POSITIVE_INFINITY): void {
    lease.epoch++;
    this.#flushLease(lease, 'armed');
    lease.armed = true;
    lease.covered.clear();
    for (const prefix of covered) lease.covered.add(prefix);
    // Without tracking nothing ever is: there the entries' short lives are the bound.
    const proven = Math.min(this.#clock.exact(), coversAsOf);
    this.prove(lease, lease.tracked ? proven : Number.POSITIVE_INFINITY);
  }

  /** Everything written before `asOf` has been applied: entries may be served for `maxStaleness` from there. */
  prove(lease: Lease, asOf: number): void {
    lease.provenAsOf = asOf;
    this.leases.settle(lease);
  }

  /** The node can no longer say what changed: bypass and flush at once (rule C5). */
  revoke(lease: Lease, reason: RevokeReason): void {
    if (!lease.armed) return;
    lease.armed = false;
    lease.epoch++;
    lease.covered.clear();
    this.leases.settle(lease, reason);
    this.#flushLease(lease, reason);
  }

  /**
   * A command whose keys are unknown is about to be sent (rule C4). Entries and flights stay: what it changes is pushed
   * before anything is served again.
   */
  raiseBarrier(): void {
    this.leases.raiseBarrier();
  }

  /** That command was answered: serve again once everything up to now is proven to have been applied. */
  lowerBarrier(): void {
    for (const lease of this.leases) if (!lease.tracked) this.#flushLease(lease, 'barrier');
    this.detours?.noteAll(this.#clock.exact());
    this.leases.lowerBarrier();
  }
}

/** Whether the lease and the reply's own life still run. */
function isLive(entry: Entry, reply: Reply, now: number): boolean {
  return now < entry.lease.serveUntil && now < reply.expiresAt;
}
