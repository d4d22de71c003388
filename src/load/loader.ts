// What `near.loader()` returns: values of an origin, read through memory and Redis, such that the origin is asked once.

import { LRUCache } from 'lru-cache';
import type { Touch } from '../cache/watches.js';
import { refreshesEarly } from './early-refresh.js';
import { FillLock } from './fill-lock.js';
import { type Found, lifeOf } from './freshness.js';
import { LoadCounts, type LoaderStats } from './load-counts.js';
import { type FlightSurroundings, type FlightTerms, LoadFlight } from './load-flight.js';
import type { LoaderGetOptions, ResolvedLoader } from './loader-options.js';
import { lockKeyOf } from './lock-key.js';
import { LoadBatch, Origin } from './origin.js';
import { RedisLink } from './redis-link.js';
import { type LoaderParts, StoredValues } from './stored-values.js';

/** Without Redis, what the origin said is kept for so long, and of so many ids. Unit: ms. */
const KEEP = 1_000;
const MAX_KEPT = 1_000;
/** For so long after a load failed, stale values are served without another attempt. Unit: ms. */
const REST = 1_000;

/**
 * Values of one type under one prefix, loaded from an origin when neither memory nor Redis has them. What it returns is
 * decoded from the text that lies in Redis, whoever loaded it; it is shared by all readers, and therefore frozen, deeply.
 */
export class Loader<T> {
  readonly #options: ResolvedLoader<T>;
  readonly #parts: LoaderParts;
  readonly #counts = new LoadCounts();
  readonly #stored: StoredValues<T>;
  readonly #origin: Origin<T>;
  readonly #link: RedisLink;
  readonly #surroundings: FlightSurroundings<T>;
  /** On their way, for who wants any value that will do. */
  readonly #flights = new Map<string, LoadFlight<T>>();
  /** On their way, for who wants one that is loaded from now on. */
  readonly #forced = new Map<string, LoadFlight<T>>();
  /** Without Redis: until when, on the cache's clock. */
  readonly #kept = new LRUCache<string, { readonly value: T | null; readonly until: number }>({
    max: MAX_KEPT,
  });
  readonly #resting = new LRUCache<string, number>({ max: MAX_KEPT });

  /** @internal Made by `near.loader()`. */
  constructor(options: ResolvedLoader<T>, parts: LoaderParts) {
    this.#options = options;
    this.#parts = parts;
    const now = (): number => parts.coherence.now();
    this.#origin = new Origin(options, { counts: this.#counts, now, loaded: parts.loaded });
    this.#link = new RedisLink(now, options.redisTimeout);
    this.#stored = new StoredValues(options, parts, this.#link, this.#counts);
    this.#surroundings = {
      options,
      counts: this.#counts,
      origin: this.#origin,
      link: this.#link,
      now,
      random: parts.random,
      lock: (id) => this.#lock(id),
      watch: (id, value, lock) => this.#watch(id, value, lock),
      hears: parts.hears,
      read: (id) => this.#stored.read(id),
      understood: (id, text, left) => this.#stored.understood(id, text, left),
      serves: (id, found, flight) => this.#serves(id, found, flight),
      written: (id, value) => this.#stored.written(id, value),
      failed: (id) => this.#resting.set(id, now() + REST),
      kept: (id) => this.#keptNow(id),
      keep: (id, value) => this.#kept.set(id, { value, until: now() + KEEP }),
      fellBack: (id, reason, waited) => parts.fellBack(options.prefix + id, reason, waited),
      fault: parts.fault,
    };
  }

  /**
   * The value of the key `prefix + id`, frozen: from memory, from Redis, or from the origin; `null` if the origin has none.
   * @throws NearCacheError `ERR_NEAR_LOAD` with the origin's error as its cause, `ERR_NEAR_LOAD_TIMEOUT`, `ERR_NEAR_SCHEMA`
   * when the origin gave what the schema refuses; the reason of `options.signal`
   */
  get(id: string, options: LoaderGetOptions = NO_OPTIONS): Promise<T | null> {
    if (options !== NO_OPTIONS && (options.signal !== undefined || options.forceFresh === true))
      return this.#getWith(id, options);
    // The hot path: no clock, no allocation but the promise.
    const young = this.#parts.coherence.lookup(this.#wire(id), this.#stored.youngId);
    if (young !== undefined) return Promise.resolve(young as T | null);
    return this.#get(id);
  }

  /**
   * The same for several, in their order. What is not in memory is read by one `MGET`, and what Redis has not got either is
   * loaded by one call of `loadMany`, as far as this process is the one to load it.
   * @throws NearCacheError as {@link get}
   */
  getMany(
    ids: readonly string[],
    options: Pick<LoaderGetOptions, 'signal'> = NO_OPTIONS,
  ): Promise<(T | null)[]> {
    return abortable(options.signal, () => this.#getMany(ids));
  }

  /**
   * Checks, encodes and writes a value, with the loader's `ttl`; `null` writes an absence. A load that is under way anywhere
   * does not write over it.
   * @throws NearCacheError `ERR_NEAR_SCHEMA`, `ERR_NEAR_OPTION` when the codec writes what stands for an absence,
   * `ERR_NEAR_REDIS_TIMEOUT`; whatever the codec or the client throws
   */
  async set(id: string, value: T | null): Promise<void> {
    const { text } = await this.#stored.written(id, value);
    const life = lifeOf(value, this.#options, this.#parts.random);
    this.#kept.delete(id);
    await this.#link.insist(() => this.#lock(id).write(text, life));
  }

  /**
   * Deletes one or several values from memory and Redis. Loads under way anywhere keep what they load to those who wait for
   * it already. Call it after the origin was changed.
   * @throws NearCacheError `ERR_NEAR_REDIS_TIMEOUT`; whatever the client's `del()` throws
   */
  async invalidate(ids: string | readonly string[]): Promise<void> {
    const { prefix } = this.#options;
    const all = typeof ids === 'string' ? [ids] : ids;
    for (const id of all) this.#kept.delete(id);
    const keys = all.flatMap((id) => [prefix + id, this.#lockKey(id)]);
    if (keys.length > 0) await this.#link.insist(() => this.#parts.client.del(keys));
  }

  /**
   * Loads the value anew and writes it, whatever is held: the load begins after this call.
   * @throws NearCacheError as {@link get}
   */
  refresh(id: string): Promise<T | null> {
    return this.#force(id);
  }

  /**
   * What `get(id)` would be answered from memory, synchronously; `null` for a known absence; `undefined` when nothing may be
   * served, or nothing is decoded yet. Counts nowhere and begins nothing.
   */
  peek(id: string): T | null | undefined {
    const { coherence } = this.#parts;
    const young = coherence.peek(this.#wire(id), this.#stored.youngId);
    if (young !== undefined) return young as T | null;
    const aged = coherence.peek(this.#wire(id), this.#stored.agedId) as Found<T> | undefined;
    if (aged === undefined || coherence.now() >= aged.staleUntil) return undefined;
    return aged.value;
  }

  /** @internal For `near.stats()`. */
  stats(): LoaderStats {
    return this.#counts.snapshot();
  }

  // --- reads -----------------------------------------------------------------------------------------------

  #getWith(id: string, { forceFresh = false, signal }: LoaderGetOptions): Promise<T | null> {
    return abortable(signal, () => (forceFresh ? this.#force(id) : this.get(id)));
  }

  #get(id: string): Promise<T | null> {
    const aged = this.#aged(id);
    if (aged !== undefined) return Promise.resolve(aged.value);
    return this.#joined(id) ?? this.#begin(id, { purpose: 'get' });
  }

  async #getMany(ids: readonly string[]): Promise<(T | null)[]> {
    const { client, coherence } = this.#parts;
    const answers = new Map<string, T | null | Promise<T | null>>();
    const missing: string[] = [];
    for (const id of new Set(ids)) {
      const young = coherence.lookup(this.#wire(id), this.#stored.youngId) as T | null | undefined;
      const held = young === undefined ? this.#aged(id) : { value: young };
      const answer = held === undefined ? this.#joined(id) : held.value;
      if (answer === undefined) missing.push(id);
      else answers.set(id, answer);
    }
    if (missing.length > 0) {
      const keys = missing.map((id) => this.#options.prefix + id);
      const replies = this.#link.ask(() => client.mGet(keys));
      // Each flight hears of it by itself.
      replies.catch(() => {});
      const batch = this.#origin.loadsMany ? new LoadBatch(this.#origin, missing.length) : undefined;
      for (const [at, id] of missing.entries()) {
        const look = async (): Promise<Found<T> | undefined> => this.#stored.found(id, (await replies)[at]);
        answers.set(id, this.#begin(id, { purpose: 'get', look, batch }));
      }
    }
    return Promise.all(ids.map(async (id) => (await answers.get(id)) ?? null));
  }

  /** What is held and may be served, though its time is near its end or over. */
  #aged(id: string): Found<T> | undefined {
    const aged = this.#parts.coherence.lookup(this.#wire(id), this.#stored.agedId) as Found<T> | undefined;
    return aged !== undefined && this.#serves(id, aged) ? aged : undefined;
  }

  #joined(id: string): Promise<T | null> | undefined {
    const flight = this.#flights.get(id);
    if (flight?.joinable !== true) return undefined;
    this.#counts.coalesced++;
    flight.wanted++;
    return flight.result;
  }

  #begin(id: string, terms: FlightTerms<T>): Promise<T | null> {
    const flight = this.#launch(this.#flights, id, terms);
    flight.wanted++;
    return flight.result;
  }

  /** A load that begins after this: one that is on its way to it may be shared, one that has begun may not. */
  #force(id: string): Promise<T | null> {
    const flight = this.#forced.get(id);
    if (flight?.begun === false) {
      this.#counts.coalesced++;
      return flight.result;
    }
    return this.#launch(this.#forced, id, { purpose: 'force' }).result;
  }

  #launch(among: Map<string, LoadFlight<T>>, id: string, terms: FlightTerms<T>): LoadFlight<T> {
    const flight = new LoadFlight(this.#surroundings, id, terms);
    among.set(id, flight);
    const done = (): void => {
      if (among.get(id) === flight) among.delete(id);
    };
    flight.result.then(done, done);
    return flight;
  }

  /** Whether a value is an answer at its age; it may be time to load it anew, which nobody waits for. */
  #serves(id: string, found: Found<T>, flight?: LoadFlight<T>): boolean {
    const { coherence, random } = this.#parts;
    const { beta } = this.#options;
    const now = coherence.now();
    const left = found.freshUntil - now;
    if (left > 0) {
      const early =
        beta !== undefined &&
        found.value !== null &&
        refreshesEarly(left, this.#counts.usualLoadTime, beta, random);
      if (early) this.#refreshBehind(id, found, flight);
      return true;
    }
    const rests = this.#rests(id);
    if (now >= found.staleUntil && !(rests && now < found.errorUntil)) return false;
    this.#counts.staleServed++;
    if (!rests) this.#refreshBehind(id, found, flight);
    return true;
  }

  /** @param instead the flight that found the value, and has nothing more to do */
  #refreshBehind(id: string, stale: Found<T>, instead?: LoadFlight<T>): void {
    const under = this.#flights.get(id);
    if ((under !== undefined && under !== instead) || this.#rests(id)) return;
    this.#launch(this.#flights, id, { purpose: 'refresh', stale });
  }

  #rests(id: string): boolean {
    return this.#parts.coherence.now() < (this.#resting.get(id) ?? Number.NEGATIVE_INFINITY);
  }

  #keptNow(id: string): { readonly value: T | null } | undefined {
    const kept = this.#kept.get(id);
    return kept !== undefined && this.#parts.coherence.now() < kept.until ? kept : undefined;
  }

  #wire(id: string): string {
    return this.#parts.onWire(this.#options.prefix + id);
  }

  #lockKey(id: string): string {
    return lockKeyOf(this.#options.prefix, id, this.#parts.onWire);
  }

  #lock(id: string): FillLock {
    return new FillLock(this.#options.prefix + id, this.#lockKey(id), this.#parts.run);
  }

  #watch(id: string, value: (touch: Touch) => void, lock: (touch: Touch) => void): () => void {
    const { coherence, onWire } = this.#parts;
    const ends = [
      coherence.watches.watch(this.#wire(id), value),
      coherence.watches.watch(onWire(this.#lockKey(id)), lock),
    ];
    return () => {
      for (const end of ends) end();
    };
  }
}

const NO_OPTIONS: LoaderGetOptions = Object.freeze({});

/** One caller's signal ends its own wait only. */
function abortable<R>(signal: AbortSignal | undefined, read: () => Promise<R>): Promise<R> {
  if (signal === undefined) return read();
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    read()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
