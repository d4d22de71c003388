// The object behind `redis.near`: it puts the coherence core, the trackers and the data client's lifecycle
// together, and turns what happens into states, events and numbers.

import { EventEmitter } from 'eventemitter3';
import { Coherence } from '../cache/coherence.js';
import type { Lease } from '../cache/lease.js';
import { closedError, type NearCacheError } from '../errors.js';
import type { Loader } from '../load/loader.js';
import type { LoaderOptions } from '../load/loader-options.js';
import { isHeard } from '../metrics/diagnostics.js';
import { type NearState, type NearStats, snapshot } from '../metrics/stats.js';
import { FALLBACK_TTL, type PrefixOptions, type ResolvedOptions, resolvePrefix } from '../options.js';
import type { Namespace, NamespaceOptions, ValueClient } from '../values/namespace.js';
import { Announcer } from './announcer.js';
import { AwaitedProofs } from './awaited-proofs.js';
import type { ClientFacts } from './client-facts.js';
import { KeySpace } from './keys.js';
import { Lifetimes } from './lifetimes.js';
import { Loaders, type PastCache } from './loaders.js';
import type { NearCacheEvents, StateReason } from './near-events.js';
import { PushedKeys } from './pushed-keys.js';
import { Readiness } from './readiness.js';
import { RegisteredPrefixes } from './registered-prefixes.js';
import { copyReply } from './reply-types.js';
import { type Route, Routes } from './routes.js';
import { reasonOf } from './state-reason.js';

/**
 * `redis.near`: the state of the near cache, what happens in it ({@link NearCacheEvents}), its numbers, and what can be
 * done by hand. Everything here concerns this process alone; nothing is sent to Redis but what tracking needs.
 */
export class NearCache extends EventEmitter<NearCacheEvents> {
  readonly #options: ResolvedOptions;
  readonly #announcer: Announcer;
  readonly #coherence: Coherence;
  readonly #routes: Routes;
  /** Vouches for entries where the server refuses tracking and `fallback` is `'ttl'`. */
  readonly #untracked: Lease | undefined;
  /** @internal */
  readonly lifetimes: Lifetimes;
  /** @internal */
  readonly keys: KeySpace;
  readonly #facts: ClientFacts;
  /** The wrapped client. */
  #client: object = {};
  readonly #loaders: Loaders;
  readonly #prefixes: RegisteredPrefixes;
  #state: NearState = 'connecting';
  #lifecycle: 'idle' | 'running' | 'disconnected' | 'closed' = 'idle';
  #refusal: NearCacheError | undefined;
  /** The tracking connection is gone and `reconnectStrategy` gave up. */
  #gaveUp: NearCacheError | undefined;
  /** The first attempt to track has ended, either way. */
  #settled = false;
  readonly #readiness = new Readiness();
  #attempt: Promise<void> = Promise.resolve();
  #attempted: () => void = () => {};
  /** The data connection was given another database or user, which node-redis may not restore on a new one. */
  #strayed = false;
  readonly #pushed = new PushedKeys((node, keys) =>
    this.#announcer.tell('invalidate', { node, keys: keys?.map((key) => this.keys.asWritten(key)) ?? null }),
  );
  readonly #proofs = new AwaitedProofs();

  /** @internal Made by `withNearCache()`. */
  constructor(options: ResolvedOptions, facts: ClientFacts) {
    super();
    this.#options = options;
    this.#announcer = new Announcer(this, options.logger);
    this.#facts = facts;
    this.lifetimes = new Lifetimes({ ...options, queueIsBounded: facts.queueIsBounded });
    this.keys = new KeySpace(facts.keyPrefix);
    this.#coherence = new Coherence({
      ...options,
      ordered: facts.connections.isOrdered && options.routing.reads === 'primary',
      readsReplicas: options.routing.reads !== 'primary',
      observer: {
        flushed: (reason, entries) => {
          if (reason === 'connection-state') this.#strayed = true;
          this.#announcer.tell('flush', { reason, entries });
        },
        evicted: (key, prefix) => {
          if (!isHeard(this, 'evict')) return;
          this.#announcer.tell('evict', {
            key: this.keys.asWritten(key),
            prefix: this.keys.asWritten(prefix.name),
          });
        },
        servingChanged: (reason) => this.#settle(reason),
        proofWanted: () => this.#routes.prove(),
      },
    });
    this.#prefixes = new RegisteredPrefixes(this.#coherence, this.keys, options, facts.idOfGet);
    this.#loaders = new Loaders({
      coherence: this.#coherence,
      keys: this.keys,
      prefixes: this.#prefixes,
      announcer: this.#announcer,
      idOfGet: facts.idOfGet,
      random: options.random,
    });
    for (const prefix of options.prefixes) this.#prefixes.register(prefix);
    this.#routes = new Routes(options, this.#coherence, facts.connections, {
      invalidated: (node, key) => {
        if (isHeard(this, 'invalidate')) this.#pushed.add(node, key);
      },
      armed: () => this.#armed(),
      expired: () => this.#settle('lease'),
      refused: (error, role) => this.#refused(error, role),
      lost: (error, final) => this.#lost(error, final),
      deposed: (node, reason) =>
        this.#announcer.log('warn', { node, reason }, 'a node has lost its authority'),
      doubted: (node, reason) => this.warn('standby', `${node} is connected, but proves nothing: ${reason}.`),
      malformed: (node) =>
        this.warn('push', `A push from ${node} was not understood: the cache was emptied.`),
      replica: (node, primary, unfit) => {
        const event = { node, primary, answers: unfit === undefined, reason: unfit ?? 'fit' } as const;
        this.#announcer.log('info', event, 'read routing');
        this.#announcer.tell('replica', event);
      },
      unknown: (error) =>
        this.fault('Where the client connects could not be found out: it is asked again.', error),
    });
    if (options.fallback === 'ttl') this.#untracked = this.#coherence.leases.open(FALLBACK_TTL);
  }

  /** Whether hits are possible now. */
  get state(): NearState {
    this.#settle();
    return this.#state;
  }

  /**
   * Settles when a session is armed, at once if one is: from then on hits are possible.
   * @throws NearCacheError `ERR_NEAR_TRACKING_UNSUPPORTED`, `ERR_NEAR_TRACKING_DENIED` when the server refuses;
   * `ERR_NEAR_TRACKING_LOST` when `tracking.reconnectStrategy` gave up; `ERR_NEAR_CLOSED` when the cache is closed
   * first.
   */
  ready(): Promise<void> {
    if (this.#lifecycle === 'closed' || this.#lifecycle === 'disconnected')
      return Promise.reject(closedError());
    if (this.#routes.anyArmed) return Promise.resolve();
    const hopeless = this.#refusal ?? this.#gaveUp;
    return hopeless === undefined ? this.#readiness.wait() : Promise.reject(hopeless);
  }

  /**
   * The reply that `get(key)` would have been answered from memory, synchronously; `null` for a key known to be
   * missing; `undefined` when nothing may be served. Counts nowhere and does not refresh the entry.
   */
  peek(key: string): string | null | undefined {
    const held = this.#coherence.peek(this.keys.onWire(key), this.#facts.idOfGet());
    return copyReply(held) as string | null | undefined;
  }

  /** Drops what is held of one or several keys, in this process only; replies on their way are not stored. */
  invalidate(keys: string | readonly string[]): void {
    for (const key of typeof keys === 'string' ? [keys] : keys) this.#coherence.change(this.keys.onWire(key));
  }

  /** Drops every entry, in this process only; replies on their way are not stored. */
  clear(): void {
    this.#coherence.flush('clear');
  }

  /**
   * Registers a prefix at run time. Resolves when its keys are tracked, or, while there is no session, at once: the
   * next session covers it. A prefix that covers registered ones starts a new session, which empties the cache. One that
   * is registered already takes the new settings.
   * @throws NearCacheError `ERR_NEAR_OPTION`
   */
  async register(prefix: string | PrefixOptions): Promise<void> {
    const registered = this.#prefixes.register(resolvePrefix(prefix, 'prefix'));
    this.#untracked?.covered.add(registered);
    await this.#routes.followCoverage();
  }

  /**
   * Unregisters a prefix: its entries go at once. Resolves when the server has stopped sending its keys; unless a
   * shorter prefix covers them anyway, that starts a new session, which empties the cache.
   * @throws NearCacheError `ERR_NEAR_PREFIX` when it is not registered.
   */
  async unregister(prefix: string): Promise<void> {
    this.#prefixes.unregister(prefix);
    await this.#routes.followCoverage();
  }

  /**
   * Typed values under a prefix, which must be registered, or lie under one that is. `get('42')` of the namespace
   * `'product:'` reads the key `product:42`; a hit returns the decoded object itself, frozen.
   * @throws NearCacheError `ERR_NEAR_PREFIX`, `ERR_NEAR_OPTION`
   * @example
   * const products = redis.near.namespace<Product>('product:', { codec: json });
   * const product = await products.get('42');
   */
  namespace<T>(prefix: string, options: NamespaceOptions<T> = {}): Namespace<T> {
    return this.#prefixes.namespace(prefix, this.#client as ValueClient, options);
  }

  /**
   * Values of an origin, such as a database, read through memory and Redis so that it is asked once and not by everybody.
   * One for each prefix, which must be registered, or lie under one that is.
   * @throws NearCacheError `ERR_NEAR_PREFIX`, `ERR_NEAR_OPTION`
   */
  loader<T>(options: LoaderOptions<T>): Loader<T> {
    return this.#loaders.make(options);
  }

  /** A plain snapshot of state, sizes and counters: safe for `JSON.stringify`. */
  stats(): NearStats {
    return snapshot(
      this.state,
      this.#coherence,
      this.#options,
      this.#routes.stats(),
      this.#loaders.stats(),
      (name) => this.keys.asWritten(name),
    );
  }

  /** What `JSON.stringify` shows, also of a message on a diagnostics channel: the snapshot. */
  toJSON(): NearStats {
    return this.stats();
  }

  /** Ends tracking and empties the cache for good; the client stays open and reads pass through. */
  close(): void {
    if (this.#lifecycle === 'closed') return;
    this.#lifecycle = 'closed';
    this.#shutDown('closed');
    this.#facts.onClose();
  }

  /** Shows neither entries nor credentials. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `NearCache { state: '${this.#state}', entries: ${this.#coherence.store.entries} }`;
  }

  // --- for the client side ---------------------------------------------------------------------------------

  /** @internal */
  get coherence(): Coherence {
    return this.#coherence;
  }

  /** @internal This near cache is that of this wrapped client; `past` calls the one inside. */
  attach(client: object, past: PastCache): void {
    this.#client = client;
    this.#loaders.attach(client as ValueClient, past);
  }

  /** @internal Where a read that hangs on these keys goes, and who vouches for it; `undefined`: past the cache. */
  routeOf(keys: readonly string[]): Route | undefined {
    const route = this.#routes.routeOf(keys);
    if (this.#untracked?.armed !== true) return route;
    return route && { ...route, lease: this.#untracked };
  }

  /** @internal Another node than that of the route gave an answer for these keys. A fault in here never fails the read. */
  detoured(keys: readonly string[]): void {
    try {
      for (const key of keys) this.#coherence.observed(key);
      this.#routes.detoured();
    } catch (error) {
      this.fault('A detour could not be followed.', error);
    }
  }

  /** @internal The error that reads are answered with, under `fallback: 'error'`. */
  get readError(): NearCacheError | undefined {
    return this.#options.fallback === 'error' ? this.#refusal : undefined;
  }

  /** @internal Resolves when everything up to `asOf` is proven to have been applied, or when that takes too long. */
  proven(asOf: number, lease: Lease): Promise<void> {
    const proof = this.#proofs.until(asOf, lease);
    this.#coherence.leases.wantProof(asOf);
    return proof;
  }

  /** @internal The data client is connected. Resolves when the first attempt to track has ended, either way. */
  start(): Promise<void> {
    if (this.#lifecycle === 'closed') return Promise.resolve();
    if (this.#strayed) this.#coherence.flush('connection-state');
    this.#strayed = false;
    if (this.#lifecycle === 'running' && this.#gaveUp === undefined) return this.#attempt;
    this.#lifecycle = 'running';
    this.#refusal = undefined;
    this.#gaveUp = undefined;
    this.#settled = false;
    this.#attempt = new Promise((resolve) => {
      this.#attempted = resolve;
    });
    this.#routes.start();
    this.#settle('connecting');
    return this.#attempt;
  }

  /** @internal The data client could not connect: who waits for `ready()` waits in vain. */
  abandon(cause: unknown): void {
    this.#gaveUp = closedError(cause);
    this.#readiness.failed(this.#gaveUp);
  }

  /** @internal The data connection has another database or user: the replicas' connections have not (rule C14). */
  strayed(): void {
    if (this.#coherence.detours === undefined) return;
    this.#coherence.detours.noteAll(Number.POSITIVE_INFINITY);
    this.#announcer.strayed();
  }

  /** @internal */
  get isRunning(): boolean {
    return this.#lifecycle === 'running';
  }

  /** @internal The data client is closed. */
  stop(): void {
    if (this.#lifecycle !== 'running') return;
    this.#lifecycle = 'disconnected';
    this.#shutDown('disconnected');
  }

  /** @internal A fault inside the cache: reported once, while reads go on. */
  fault(message: string, cause: unknown): void {
    this.#announcer.fault(message, cause);
  }

  /** @internal Once per code. */
  warn(code: string, message: string): void {
    this.#announcer.warn(code, message);
  }

  #armed(): void {
    this.#settled = true;
    this.#refusal = undefined;
    if (this.#untracked !== undefined) this.#coherence.revoke(this.#untracked, 'coverage');
    this.#settle('armed');
    this.#announcer.log('info', { nodes: this.#routes.stats() }, 'near cache is tracking');
    if (this.#routes.allArmed) this.#attempted();
  }

  /** What `fallback` says is for all keys. Where others track, those of one node that refuses pass the cache. */
  #refused(error: NearCacheError, role: 'primary' | 'replica'): void {
    const isHopeless = role === 'primary' && !this.#routes.anyPrimaryArmed;
    if (isHopeless) this.#refusal = error;
    this.#settled = true;
    this.#settle('refused');
    if (isHopeless && this.#untracked?.armed === false)
      this.#coherence.arm(this.#untracked, this.#coherence.prefixes.all());
    this.#announcer.report(error);
    if (isHopeless) this.#readiness.failed(error);
    this.#attempted();
  }

  #lost(error: NearCacheError, final: boolean): void {
    this.#settled = true;
    this.#settle('lost');
    this.#announcer.report(error);
    if (final) {
      this.#gaveUp = error;
      this.#readiness.failed(error);
    }
    this.#attempted();
  }

  #shutDown(reason: 'closed' | 'disconnected'): void {
    this.#settle(reason);
    this.#routes.stop();
    if (this.#untracked !== undefined) this.#coherence.revoke(this.#untracked, 'closed');
    this.#coherence.flush('closed');
    // A WATCH ended with its connection.
    this.#coherence.leases.hold(false);
    this.#readiness.failed(closedError());
    this.#attempted();
  }

  #settle(reason?: StateReason): void {
    this.#proofs.settle();
    if (this.#routes.anyArmed) this.#readiness.reached();
    const from = this.#state;
    const to = this.#currentState();
    if (from === to) return;
    this.#state = to;
    const event = {
      from,
      to,
      reason: reason ?? reasonOf(to, this.#coherence.leases.gate, this.#routes.anyArmed),
    };
    this.#announcer.log('debug', event, 'near cache state');
    this.#announcer.tell('state', event);
  }

  #currentState(): NearState {
    if (this.#lifecycle === 'closed' || this.#lifecycle === 'disconnected') return 'closed';
    if (this.#coherence.leases.serving) return 'serving';
    return this.#settled ? 'bypass' : 'connecting';
  }
}
