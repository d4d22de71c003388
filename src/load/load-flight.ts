// The way of one id from "not in memory" to a value: Redis, the lock, the origin, the fill. Shared by all who want it.

import { randomUUID } from 'node:crypto';
import type { Touch } from '../cache/watches.js';
import type { Claim, FillLock } from './fill-lock.js';
import { type Found, lifeOf } from './freshness.js';
import type { LoadCounts } from './load-counts.js';
import { type ResolvedLoader, windowOf } from './loader-options.js';
import type { LoadBatch, Origin } from './origin.js';
import { type RedisLink, reasonOf, Unreachable } from './redis-link.js';

/** What a flight needs of its loader. */
export interface FlightSurroundings<T> {
  readonly options: ResolvedLoader<T>;
  readonly counts: LoadCounts;
  readonly origin: Origin<T>;
  readonly link: RedisLink;
  readonly now: () => number;
  readonly random: () => number;
  lock(id: string): FillLock;
  /** Watches the keys of the value and of its lock. @returns what ends it */
  watch(id: string, value: (touch: Touch) => void, lock: (touch: Touch) => void): () => void;
  /** Whether all that changes is being heard of now. */
  hears(): boolean;
  /** What Redis has, by way of the near cache. */
  read(id: string): Promise<Found<T> | undefined>;
  /** What a text of Redis says, which the near cache has not seen. */
  understood(id: string, text: string, left: number): Promise<Found<T> | undefined>;
  /** Whether a value that was found is an answer; a refresh may have begun instead of the flight. */
  serves(id: string, found: Found<T>, flight: LoadFlight<T>): boolean;
  /** Text and value as they will be found. */
  written(id: string, value: T | null): Promise<{ readonly text: string; readonly value: T | null }>;
  /** The origin failed a moment ago: it is left alone for a while. */
  failed(id: string): void;
  kept(id: string): { readonly value: T | null } | undefined;
  keep(id: string, value: T | null): void;
  fellBack(id: string, reason: 'lock' | 'redis', waited: number): void;
  fault(message: string, cause: unknown): void;
}

export interface FlightTerms<T> {
  /**
   * `'get'`: whatever will do. `'refresh'`: something newer than `stale`, for nobody in particular. `'force'`: a load that
   * begins after this.
   */
  readonly purpose: 'get' | 'refresh' | 'force';
  /** What was found already. */
  readonly stale?: Found<T> | undefined;
  /** A first look that was taken together with others'. */
  readonly look?: (() => Promise<Found<T> | undefined>) | undefined;
  readonly batch?: LoadBatch<T> | undefined;
}

/** A refresh that is another's. */
const LEFT_TO_OTHERS = Symbol('left to others');

/** Safety nets beside the pushes. Unit: ms. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 500;
/** From the next attempt on nobody new shares the flight: else a key that changes all the time would hold up all. */
const LAST_SHARED = 2;

export class LoadFlight<T> {
  readonly #to: FlightSurroundings<T>;
  readonly #id: string;
  readonly #terms: FlightTerms<T>;
  readonly #lock: FillLock;
  /** Resolves with the value; for a refresh that another process does, with nothing of use. */
  readonly result: Promise<T | null>;
  /** Nobody new may share it: it may tell of a time before something that is known by now. */
  joinable = true;
  /** How many want the value. */
  wanted = 0;
  #stage: 'reading' | 'waiting' | 'loading' = 'reading';
  #stale: Found<T> | undefined;
  /** Counts what happened to the keys. */
  #touches = 0;
  /** Counts what happened to the value's key. */
  #changes = 0;
  #wake: () => void = () => {};
  /** The value's key may have changed since the load began. */
  #broken = false;
  /** Changes may not have been heard of. */
  #deaf = false;
  /** Before this the value that was there when the load began cannot have expired. */
  #mayExpireFrom = Number.POSITIVE_INFINITY;
  #decided = false;
  /** What the origin said, if it was asked. */
  #loaded: { readonly value: T | null } | undefined;

  constructor(to: FlightSurroundings<T>, id: string, terms: FlightTerms<T>) {
    this.#to = to;
    this.#id = id;
    this.#terms = terms;
    this.#stale = terms.stale;
    this.#lock = to.lock(id);
    this.result = this.#run();
  }

  async #run(): Promise<T | null> {
    const unwatch = this.#to.watch(
      this.#id,
      (touch) => this.#touched(touch),
      (touch) => {
        if (touch !== 'own') this.#awake();
      },
    );
    try {
      return await this.#arrive();
    } catch (error) {
      if (error === LEFT_TO_OTHERS) return null;
      if (!(error instanceof Unreachable)) throw error;
      return await this.#alone(error);
    } finally {
      unwatch();
      this.joinable = false;
      this.#decide();
    }
  }

  /** Whether the origin was asked already. */
  get begun(): boolean {
    return this.#stage === 'loading';
  }

  /** A refresh that nobody waits for; nobody will, if it gives up. */
  get #isNobodys(): boolean {
    if (this.#terms.purpose !== 'refresh' || this.wanted > 0) return false;
    this.joinable = false;
    return true;
  }

  #touched(touch: Touch): void {
    this.#changes++;
    this.#awake();
    // Until the load begins a change only means to look again.
    if (this.#stage !== 'loading') return;
    // An expiry is pushed too, once, and is no change: what is being loaded is as new as before.
    if (touch === 'pushed' && this.#to.now() >= this.#mayExpireFrom) {
      this.#mayExpireFrom = Number.POSITIVE_INFINITY;
      return;
    }
    this.joinable = false;
    if (touch === 'flushed') this.#deaf = true;
    else this.#broken = true;
  }

  #awake(): void {
    this.#touches++;
    this.#wake();
  }

  async #arrive(): Promise<T | null> {
    const { counts, now, options } = this.#to;
    const start = now();
    let waits = 0;
    for (let attempt = 0; ; attempt++) {
      const touches = this.#touches;
      const changes = this.#changes;
      // Who joins after a change must not get what was looked up before it. Where changes do not cease, nobody may join.
      if (attempt - waits > LAST_SHARED) this.joinable = false;
      const isPast = (): boolean => this.joinable && this.#changes !== changes;
      const found = await this.#look(attempt);
      if (found !== undefined && isPast()) continue;
      if (found !== undefined) return found.value;
      const sentAt = now();
      const token = randomUUID();
      const claim = await this.#claim(token);
      if (claim.kind === 'found') {
        if (isPast()) continue;
        const understood = await this.#to.understood(this.#id, claim.text, claim.left);
        if (understood !== undefined && isPast()) continue;
        if (understood !== undefined) return understood.value;
        // It cannot be read: what is loaded takes its place.
        return await this.#load(await this.#claim(token, 'whatever is there'), sentAt);
      }
      if (claim.kind === 'won') {
        if (options.lock !== undefined) counts.lockWon++;
        if (waits > 0) counts.lockTakenOver++;
        return await this.#load(claim, sentAt);
      }
      if (options.lock === undefined) return await this.#load(claim, sentAt);
      if (waits === 0) counts.lockWaited++;
      const waited = now() - start;
      if (waited >= options.lock.wait) {
        if (this.#isNobodys) throw LEFT_TO_OTHERS;
        counts.lockFallbacks++;
        this.#to.fellBack(this.#id, 'lock', waited);
        return await this.#load(claim, sentAt);
      }
      this.#decide();
      const backOff = Math.min(FIRST_WAIT * 2 ** Math.min(waits++, 10), LONGEST_WAIT);
      const jittered = backOff * (0.75 + this.#to.random() / 2);
      await this.#wait(touches, Math.min(jittered, Math.max(claim.left, 0) + 1, options.lock.wait - waited));
    }
  }

  /** What Redis has, if that is an answer. */
  async #look(attempt: number): Promise<Found<T> | undefined> {
    const { purpose, look } = this.#terms;
    if (purpose === 'force' || (purpose === 'refresh' && attempt === 0)) return undefined;
    const first = attempt === 0 ? look : undefined;
    const found = await (first === undefined ? this.#to.read(this.#id) : first());
    if (found === undefined) return undefined;
    if (purpose === 'refresh') return found.freshUntil - this.#to.now() > this.#enough ? found : undefined;
    this.#stale = found;
    return this.#to.serves(this.#id, found, this) ? found : undefined;
  }

  /** A value that is fresh for longer than this is one that somebody has loaded meanwhile. Unit: ms. */
  get #enough(): number {
    const { options } = this.#to;
    if (this.#terms.purpose !== 'refresh' || this.#stale === undefined) return 0;
    const left = Math.max(0, this.#stale.freshUntil - this.#to.now());
    // What was loaded just now has at least `ttl` less the jitter; what was found has `left`.
    return Math.max(left, (left + options.ttl * (1 - options.jitter)) / 2);
  }

  #claim(token: string, terms?: 'whatever is there'): Promise<Claim> {
    const { link, options } = this.#to;
    const any = this.#terms.purpose === 'force' || terms !== undefined;
    const enough = any ? undefined : windowOf(options) + this.#enough;
    // Without a lock it is a mark, which all who load share, and any change takes away.
    const ttl = options.lock?.ttl ?? options.timeout + options.redisTimeout;
    return link.ask(() =>
      this.#lock.claim({ token, ttl, enough, nil: options.nil, shared: options.lock === undefined }),
    );
  }

  /** Until something happens to the keys that had not when `touches` was read. */
  async #wait(touches: number, limit: number): Promise<void> {
    this.#stage = 'waiting';
    if (this.#touches === touches) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, limit);
      });
      clearTimeout(timer);
      this.#wake = () => {};
    }
    this.#stage = 'reading';
  }

  async #load(claim: Claim, sentAt: number): Promise<T | null> {
    const { counts, now } = this.#to;
    if (claim.kind === 'found') throw new TypeError('A claim of whatever is there finds nothing.');
    // What was pushed before the load begins is not newer than the load: let it arrive.
    await nextTurn();
    this.#stage = 'loading';
    this.#deaf = !this.#to.hears();
    const { left } = claim.baseline;
    this.#mayExpireFrom = left >= 0 ? sentAt + left : Number.POSITIVE_INFINITY;
    const { purpose } = this.#terms;
    if (purpose === 'refresh' && this.#stale !== undefined && now() < this.#stale.freshUntil)
      counts.earlyRefreshes++;
    const extending = this.#extending(claim);
    try {
      this.#loaded = { value: await this.#ask() };
      const { text, value } = await this.#to.written(this.#id, this.#loaded.value);
      this.#loaded = { value };
      await this.#fill(claim, text, value);
      return value;
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      this.#giveBack(claim.token);
      this.#to.failed(this.#id);
      const stale = this.#stale;
      if (purpose === 'force' || stale === undefined || now() >= stale.errorUntil) throw error;
      counts.staleServed++;
      return stale.value;
    } finally {
      clearInterval(extending);
    }
  }

  #ask(): Promise<T | null> {
    const { batch } = this.#terms;
    if (batch === undefined || this.#decided) return this.#to.origin.load(this.#id);
    this.#decided = true;
    return batch.load(this.#id);
  }

  /** The batch need not wait for this one. */
  #decide(): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#terms.batch?.pass();
  }

  async #fill(claim: Exclude<Claim, { kind: 'found' }>, text: string, value: T | null): Promise<void> {
    const { counts, link, options, random } = this.#to;
    const life = lifeOf(value, options, random);
    const nothingToDo = life === 0 && claim.baseline.digest === '';
    if (this.#broken || nothingToDo) {
      if (this.#broken) counts.discardedFills++;
      this.#giveBack(claim.token);
      return;
    }
    const { token, baseline } = claim;
    const mayExpire = !this.#deaf && this.#to.hears();
    const filled = await link.ask(() => this.#lock.fill({ token, baseline, mayExpire, text, life }));
    if (filled !== 'filled') counts.discardedFills++;
  }

  #extending({ kind, token }: Claim & { readonly token: string }): NodeJS.Timeout | undefined {
    const { link, options } = this.#to;
    const { lock } = options;
    if (lock?.extend !== true) return undefined;
    const extend = (): void => {
      link.ask(() => this.#lock.extend(token, lock.ttl)).catch(() => {});
    };
    // Another's may be about to end.
    if (kind === 'held') extend();
    return setInterval(extend, lock.ttl / 3);
  }

  /** Nobody waits for it: the lock ends by itself if this fails. */
  #giveBack(token: string): void {
    if (this.#to.options.lock === undefined) return;
    this.#to.link.ask(() => this.#lock.release(token)).catch(() => {});
  }

  /** Without Redis: once per process, and kept for a short time. */
  async #alone(reason: Unreachable): Promise<T | null> {
    const { counts, now } = this.#to;
    if (this.#isNobodys) {
      this.#to.failed(this.#id);
      return null;
    }
    this.#to.fault('Redis did not help a loader: the origin stands in.', reasonOf(reason));
    let { value } = this.#loaded ?? { value: undefined };
    if (value === undefined) {
      const kept = this.#terms.purpose === 'force' ? undefined : this.#to.kept(this.#id);
      if (kept !== undefined) return kept.value;
      counts.redisFallbacks++;
      this.#to.fellBack(this.#id, 'redis', 0);
      this.#stage = 'loading';
      this.#broken = false;
      try {
        value = (await this.#to.written(this.#id, await this.#ask())).value;
      } catch (error) {
        const stale = this.#stale;
        if (stale === undefined || now() >= stale.errorUntil) throw error;
        counts.staleServed++;
        return stale.value;
      }
    }
    if (!this.#broken) this.#to.keep(this.#id, value);
    return value;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
