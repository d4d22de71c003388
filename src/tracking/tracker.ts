// Keeps one node tracked: opens the connection, arms the session, sends heartbeats, follows changes of coverage,
// and starts over after every loss. The only part of tracking with timers.

import type { Coherence } from '../cache/coherence.js';
import type { RevokeReason } from '../cache/events.js';
import type { Lease } from '../cache/lease.js';
import type { Prefix } from '../cache/prefix.js';
import { NearCacheError } from '../errors.js';
import type { ReconnectStrategy } from '../options.js';
import { nextDelay } from './backoff.js';
import { type Opening, openConnection, type TrackingConnection, trackingCommand } from './connection.js';
import type { Endpoint } from './endpoint.js';
import type { NodeWatch, Verdict } from './node-watch.js';
import { refusalOf } from './refusal.js';
import { Session } from './session.js';

export interface TrackerOptions {
  readonly coherence: Coherence;
  readonly heartbeat: number;
  readonly maxStaleness: number;
  readonly noLoop: boolean;
  readonly reconnectStrategy: ReconnectStrategy | undefined;
  readonly random: () => number;
  readonly observer: TrackerObserver;
}

export interface TrackerObserver {
  /** A push was applied: `null` stands for every key. */
  invalidated(node: string, key: string | null): void;
  armed(): void;
  /** The lease ran out without a proof: the connection is given up. */
  expired(): void;
  /** The server will not track for us. It is asked again every 30 s. */
  refused(error: NearCacheError): void;
  /** The connection failed or fell silent; it is being reopened unless `final`. */
  lost(error: NearCacheError, final: boolean): void;
  /** The node serves other slots than before: what it vouched for in those that `owned` does not name is void. */
  moved(lease: Lease, owned: (slot: number) => boolean): void;
  /** A push could not be understood; the cache was emptied. */
  malformed(node: string): void;
}

/** One row of `stats().tracking`. */
export interface TrackingStats {
  /** `host:port`, or the path of a unix socket. */
  readonly node: string;
  readonly role: 'primary';
  /** `'refused'`: the server will not track; it is asked again every 30 s. */
  readonly state: 'connecting' | 'armed' | 'lost' | 'refused' | 'closed';
  /** Rises at every arm and every loss. */
  readonly epoch: number;
  /** Round trip of the last heartbeat, ms; `null` before the first. */
  readonly rtt: number | null;
  /** Times the connection came back after a loss. */
  readonly reconnects: number;
  /** Keys the server said had changed, a flush counting as one. */
  readonly invalidations: number;
  /** For how long entries may still be served without another proof, ms. */
  readonly leaseRemaining: number;
}

/** How long a refusal stands before the server is asked again. Unit: ms. */
const ASK_AGAIN = 30_000;

export class Tracker {
  readonly #options: TrackerOptions;
  readonly #session: Session;
  /** Asked with every heartbeat, where roles or slots can change. */
  readonly #watch: NodeWatch | undefined;
  readonly #lease: Lease;
  #state: TrackingStats['state'] = 'closed';
  #endpoint: Endpoint;
  #opening: Opening | undefined;
  #connection: TrackingConnection | undefined;
  /** What is on the wire in this session. */
  #coverage: readonly string[] = [];
  /** Changes of coverage, one after the other. */
  #changes: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** Rises with every connection opened: what belongs to an older one is ignored. */
  #life = 0;
  #retries = 0;
  #arms = 0;
  #invalidations = 0;

  constructor(options: TrackerOptions, endpoint: Endpoint, watch?: NodeWatch) {
    this.#options = options;
    this.#endpoint = endpoint;
    this.#watch = watch;
    this.#lease = options.coherence.openLease();
    this.#session = new Session(options.coherence, this.#lease);
  }

  get lease(): Lease {
    return this.#lease;
  }

  stats(): TrackingStats {
    const { coherence } = this.#options;
    return {
      node: this.#node,
      role: 'primary',
      state: this.#state,
      epoch: this.#lease.epoch,
      rtt: this.#session.rtt ?? null,
      reconnects: Math.max(0, this.#arms - 1),
      invalidations: this.#invalidations,
      leaseRemaining: Math.max(0, this.#lease.serveUntil - coherence.now()),
    };
  }

  start(endpoint: Endpoint): void {
    if (this.#state !== 'closed') return;
    this.#endpoint = endpoint;
    this.#retries = 0;
    this.#open();
  }

  stop(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#end('closed');
  }

  /** Follows the registered prefixes. Resolves when what they cover is tracked, or will be with the next session. */
  followCoverage(): Promise<void> {
    this.#changes = this.#changes.catch(() => {}).then(() => this.#cover());
    return this.#changes;
  }

  /** A heartbeat now instead of at the next tick. */
  prove(): void {
    if (this.#session.armed && !this.#session.pinging) this.#ping();
  }

  get #node(): string {
    return this.#endpoint.node;
  }

  #open(): void {
    const life = ++this.#life;
    this.#state = 'connecting';
    const coverage = this.#options.coherence.prefixes.coverage();
    const opening = openConnection(this.#endpoint, trackingCommand(coverage, this.#options.noLoop), {
      onInvalidate: (key) => {
        if (life === this.#life) this.#apply(key);
      },
      onEnd: (cause) => {
        if (life === this.#life) this.#lost(cause);
      },
    });
    this.#opening = opening;
    opening.opened.then(
      (connection) => {
        if (life !== this.#life) return connection.destroy();
        this.#opening = undefined;
        this.#connection = connection;
        this.#coverage = coverage;
        this.#lease.partsExpire = connection.fieldsExpire;
        void this.#admit(connection, life);
      },
      // Reported by onEnd, which also covers an end after a good start.
      () => {},
    );
  }

  /** Arms the session, once the node has said that it has authority where that is in doubt. */
  async #admit(connection: TrackingConnection, life: number): Promise<void> {
    const { heartbeat } = this.#options;
    this.#watch?.reset();
    while (this.#watch !== undefined && life === this.#life) {
      const { answers } = await connection.beat(this.#watch.questions).catch(() => ({ answers: [] }));
      if (life !== this.#life) return;
      const verdict = this.#watch.judge(answers);
      if (verdict.kind === 'denied') return this.#lost(verdict.error);
      if (verdict.kind !== 'none') break;
      await new Promise((resolve) => {
        this.#timer = setTimeout(resolve, heartbeat);
        this.#timer.unref();
      });
    }
    if (life === this.#life) this.#arm();
  }

  #arm(): void {
    this.#state = 'armed';
    this.#retries = 0;
    this.#arms++;
    const life = this.#life;
    this.#session.arm(this.#coveredPrefixes());
    this.#options.observer.armed();
    // A listener may have closed the cache.
    if (life !== this.#life) return;
    this.#beat();
    // Prefixes registered while the connection was opening.
    void this.followCoverage();
  }

  /** Everything that ends a session goes through here: bypass and flush at once, then let go of the socket. */
  #end(reason: RevokeReason): void {
    this.#life++;
    clearTimeout(this.#timer);
    this.#session.lose(reason);
    const handle = this.#connection ?? this.#opening;
    this.#connection = undefined;
    this.#opening = undefined;
    handle?.destroy();
  }

  #lost(cause: Error): void {
    const { observer, reconnectStrategy, random } = this.#options;
    this.#end('lost');
    // A listener may have closed the cache.
    if (this.#state === 'closed') return;
    const refusal = refusalOf(cause, this.#node);
    if (refusal !== undefined) {
      this.#state = 'refused';
      this.#openIn(ASK_AGAIN);
      observer.refused(refusal);
      return;
    }
    this.#state = 'lost';
    const delay = nextDelay(reconnectStrategy, this.#retries++, cause, random);
    if (delay !== undefined) this.#openIn(delay);
    const message =
      delay === undefined
        ? `The tracking connection to ${this.#node} is gone and tracking.reconnectStrategy gave up: reads go to Redis until the client connects anew.`
        : `The tracking connection to ${this.#node} is gone: reads go to Redis until it is back.`;
    observer.lost(new NearCacheError('ERR_NEAR_TRACKING_LOST', message, { cause }), delay === undefined);
  }

  #openIn(delay: number): void {
    this.#timer = setTimeout(() => this.#open(), delay);
    this.#timer.unref();
  }

  // --- heartbeats ------------------------------------------------------------------------------------------

  /** One tick: end a session that has no proof, else ask for the next. */
  #beat(): void {
    if (this.#session.expired(this.#options.maxStaleness)) {
      const life = this.#life;
      this.#options.observer.expired();
      if (life === this.#life)
        this.#lost(new Error(`No proof of life within ${this.#options.maxStaleness} ms.`));
      return;
    }
    this.#timer = setTimeout(() => this.#beat(), this.#options.heartbeat);
    this.#timer.unref();
    this.prove();
  }

  #ping(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    // A PONG counts for the session that asked: the same connection may have been armed anew meanwhile.
    const epoch = this.#lease.epoch;
    this.#session.pingSent();
    connection.beat(this.#watch?.questions ?? []).then(
      ({ answers, pong }) => {
        if (epoch !== this.#lease.epoch) return;
        const verdict = this.#watch?.judge(answers);
        if (verdict !== undefined && !this.#hasAuthority(verdict)) return;
        if (pong !== 'PONG') return this.#session.pingFailed();
        this.#session.pongReceived();
        if (this.#options.coherence.wantsProof) this.prove();
      },
      // BUSY, LOADING and the like prove nothing; the lease runs on. A dead socket reports itself.
      () => {
        if (epoch === this.#lease.epoch) this.#session.pingFailed();
      },
    );
  }

  #hasAuthority(verdict: Verdict): boolean {
    switch (verdict.kind) {
      case 'authority':
        return true;
      case 'moved':
        this.#options.observer.moved(this.#lease, verdict.owned);
        return true;
      case 'denied':
        this.#lost(verdict.error);
        return false;
      case 'none':
        this.#session.pingFailed();
        return false;
    }
  }

  // --- pushes ----------------------------------------------------------------------------------------------

  #apply(key: unknown): void {
    const { coherence, observer } = this.#options;
    this.#invalidations++;
    if (key === null) {
      coherence.flush('server');
      observer.invalidated(this.#node, null);
      return;
    }
    // Keys arrive as strings or bytes, as the decoder is at the time. Bytes that are no UTF-8 become U+FFFD: nothing
    // is ever cached under such a key, so at worst a key that is really spelt so is dropped needlessly (C12).
    const name = typeof key === 'string' ? key : Buffer.isBuffer(key) ? key.toString() : undefined;
    if (name === undefined) {
      coherence.flush('server');
      observer.malformed(this.#node);
      return;
    }
    coherence.invalidate(name);
    observer.invalidated(this.#node, name);
  }

  // --- coverage --------------------------------------------------------------------------------------------

  #coveredPrefixes(): Prefix[] {
    const covered: Prefix[] = [];
    for (const prefix of this.#options.coherence.prefixes.all()) {
      if (this.#coverage.some((name) => prefix.name.startsWith(name))) covered.push(prefix);
    }
    return covered;
  }

  async #cover(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || !this.#session.armed) return;
    const life = this.#life;
    const wanted = this.#options.coherence.prefixes.coverage();
    const added = wanted.filter((name) => !this.#coverage.includes(name));
    const kept = this.#coverage.every((name) => wanted.includes(name));
    if (kept && added.length === 0) return this.#session.extend(this.#coveredPrefixes());
    try {
      if (kept) {
        await this.#answered(connection.send([trackingCommand(added, this.#options.noLoop)]));
        if (life !== this.#life) return;
        this.#coverage = wanted;
        this.#session.extend(this.#coveredPrefixes());
        return;
      }
      // Removing needs OFF, and pushes pending at that moment are lost: the session ends and a new one begins.
      this.#session.lose('coverage');
      await this.#answered(
        connection.send([['CLIENT', 'TRACKING', 'OFF'], trackingCommand(wanted, this.#options.noLoop)]),
      );
      if (life !== this.#life) return;
      this.#coverage = wanted;
      this.#session.arm(this.#coveredPrefixes());
    } catch (error) {
      // An error of CLIENT TRACKING can be followed by an OK: this connection's replies can't be trusted any more.
      if (life === this.#life) this.#lost(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** No heartbeat watches over a session that is being changed: a connection that stays silent is given up here. */
  async #answered(reply: Promise<void>): Promise<void> {
    const life = this.#life;
    const connectTimeout = this.#endpoint.connectTimeout;
    const deadline = setTimeout(() => {
      if (life === this.#life)
        this.#lost(new Error(`No answer to CLIENT TRACKING within ${connectTimeout} ms.`));
    }, connectTimeout);
    deadline.unref();
    try {
      await reply;
    } finally {
      clearTimeout(deadline);
    }
  }
}
