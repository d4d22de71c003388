// Keeps one node tracked: opens the connection, arms the session, sends heartbeats, follows changes of coverage,
// and starts over after every loss. The only part of tracking with timers.

import type { Coherence } from '../cache/coherence.js';
import type { RevokeReason } from '../cache/events.js';
import type { Lease } from '../cache/lease.js';
import type { Prefix } from '../cache/prefix.js';
import type { ReconnectStrategy } from '../options.js';
import { nextDelay } from './backoff.js';
import { type Opening, openConnection, type TrackingConnection, trackingCommand } from './connection.js';
import type { Endpoint } from './endpoint.js';
import { type Answers, judgeError, type NodeWatch, nonsense } from './node-watch.js';
import { Pushes } from './pushes.js';
import { asError, lossOf, refusalOf } from './refusal.js';
import { Session } from './session.js';
import type { TrackerObserver } from './tracker-observer.js';
import type { TrackingStats } from './tracking-stats.js';

export interface TrackerOptions {
  readonly coherence: Coherence;
  /** Unit: ms. */
  readonly heartbeat: number;
  /** Unit: ms. */
  readonly maxStaleness: number;
  readonly noLoop: boolean;
  readonly reconnectStrategy: ReconnectStrategy | undefined;
  readonly random: () => number;
  readonly observer: TrackerObserver;
}

/** How long a refusal stands before the server is asked again. Unit: ms. */
const ASK_AGAIN = 30_000;

/** One node that is read from. */
export interface TrackedNode {
  /** Names it among the others. */
  readonly id: string;
  /** Names what it replicates; `undefined` for a primary. */
  readonly primary: string | undefined;
  readonly endpoint: Endpoint;
  /** What it is asked with each heartbeat. */
  readonly watch: () => NodeWatch;
}

export class Tracker {
  readonly primary: string | undefined;
  readonly #options: TrackerOptions;
  readonly #session: Session;
  /** Asked with every heartbeat. */
  readonly #watch: NodeWatch;
  readonly #lease: Lease;
  readonly #pushes: Pushes;
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
  #reconnects = -1;
  /** The connection has not been armed yet. */
  #isNew = false;
  /** A session ended since the last refusal: what is refused now was granted, and may be again. */
  #hasServed = false;
  /** Why the node's last PONG proved nothing. */
  #doubt = 'it is too far behind its primary';
  #standsBySince = 0;
  #reads = 0;

  constructor(options: TrackerOptions, { endpoint, primary, watch }: TrackedNode) {
    this.#options = options;
    this.#endpoint = endpoint;
    this.#watch = watch();
    this.#lease = options.coherence.leases.open();
    this.primary = primary;
    this.#lease.isReplica = primary !== undefined;
    if (this.#lease.isReplica) this.#lease.coversAsOf = Number.NEGATIVE_INFINITY;
    this.#session = new Session(options.coherence, this.#lease);
    const { observer } = options;
    this.#pushes = new Pushes(options.coherence, {
      invalidated: (key) => this.#invalidated(key),
      malformed: () => observer.malformed(this.node),
    });
  }

  get lease(): Lease {
    return this.#lease;
  }

  get node(): string {
    return this.#endpoint.node;
  }

  get role(): 'primary' | 'replica' {
    return this.#lease.isReplica ? 'replica' : 'primary';
  }

  /** A read was sent to the node because of its lease. */
  countRead(): void {
    this.#reads++;
  }

  stats(isFit: boolean): TrackingStats {
    const { coherence } = this.#options;
    return {
      node: this.node,
      role: this.role,
      state: this.#state,
      epoch: this.#lease.epoch,
      rtt: this.#session.rtt ?? null,
      reconnects: Math.max(0, this.#reconnects),
      invalidations: this.#pushes.count,
      leaseRemaining: Math.max(0, this.#lease.serveUntil - coherence.now()),
      answers: this.role === 'primary' ? this.#lease.armed : isFit,
      replicaReads: this.#reads,
      lag: Number.isFinite(this.#lease.coversAsOf) ? coherence.now() - this.#lease.coversAsOf : null,
    };
  }

  start(endpoint: Endpoint): void {
    if (this.#state !== 'closed') return;
    this.#endpoint = endpoint;
    this.#retries = 0;
    this.#open();
  }

  stop(reason: RevokeReason = 'closed'): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#end(reason);
  }

  /** Follows the registered prefixes. Resolves when what they cover is tracked, or will be with the next session. */
  followCoverage(): Promise<void> {
    this.#changes = this.#changes.catch(() => {}).then(() => this.#cover());
    return this.#changes;
  }

  /** A heartbeat now instead of at the next tick. */
  prove(): void {
    if (this.#connection !== undefined && !this.#session.pinging) this.#ping(this.#connection);
  }

  /** Smoothed. Unit: ms. */
  get rtt(): number | undefined {
    return this.#session.smoothRtt;
  }

  #open(): void {
    const life = ++this.#life;
    this.#state = 'connecting';
    const coverage = this.#options.coherence.prefixes.coverage();
    const opening = openConnection(this.#endpoint, trackingCommand(coverage, this.#options.noLoop), {
      onInvalidate: (key) => {
        if (life === this.#life) this.#pushes.apply(key);
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
        this.#isNew = true;
        this.#coverage = coverage;
        this.#lease.partsExpire = connection.fieldsExpire;
        this.#admit();
      },
      // Reported by onEnd, which also covers an end after a good start.
      () => {},
    );
  }

  /** The session is armed once the node has said that it has authority. */
  #admit(): void {
    this.#standBy();
    this.#beat();
  }

  #standBy(): void {
    this.#watch.reset();
    this.#state = 'standby';
    this.#standsBySince = this.#options.coherence.now();
  }

  #arm(coversAsOf?: number): void {
    this.#state = 'armed';
    if (this.#isNew) this.#reconnects++;
    this.#isNew = false;
    this.#hasServed = true;
    const life = this.#life;
    this.#session.arm(this.#coveredPrefixes(), coversAsOf);
    this.#options.observer.armed();
    // A listener may have closed the cache.
    if (life !== this.#life) return;
    clearTimeout(this.#timer);
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

  #lost(error: Error): void {
    const { observer, reconnectStrategy, random } = this.#options;
    this.#end('lost');
    // A listener may have closed the cache.
    if (this.#state === 'closed') return;
    const refusal = refusalOf(error, this.#endpoint);
    if (refusal !== undefined) {
      this.#state = 'refused';
      this.#openIn(this.#hasServed ? this.#options.heartbeat : ASK_AGAIN);
      this.#hasServed = false;
      observer.refused(refusal, this.role);
      return;
    }
    this.#state = 'lost';
    const cause = this.#endpoint.secrets.hideIn(error);
    const delay = nextDelay(reconnectStrategy, this.#retries++, cause, random);
    if (delay !== undefined) this.#openIn(delay);
    const isFinal = delay === undefined;
    observer.lost(lossOf(cause, this.node, isFinal), isFinal);
  }

  #openIn(delay: number): void {
    this.#timer = setTimeout(() => this.#open(), delay);
    this.#timer.unref();
  }

  // --- heartbeats ------------------------------------------------------------------------------------------

  /** One tick: end a session that has no proof, else ask for the next. */
  #beat(): void {
    const { maxStaleness, observer } = this.#options;
    const expired = this.#session.expired(maxStaleness);
    const life = this.#life;
    // A node may answer all the time without any authority.
    if (expired && !this.#session.pinging) {
      this.#depose(this.#doubt);
      if (life !== this.#life) return;
    } else if (expired || this.#session.silent(maxStaleness)) {
      observer.expired();
      if (life === this.#life) this.#lost(new Error(`No proof of life within ${maxStaleness} ms.`));
      return;
    } else if (!this.#session.armed && this.#standsBySince + maxStaleness <= this.#options.coherence.now()) {
      observer.doubted(this.node, this.#doubt);
      if (life !== this.#life) return;
    }
    this.#timer = setTimeout(() => {
      // Not when it is armed: where every session ends at once, each attempt would be the first.
      if (this.#session.armed) this.#retries = 0;
      this.#beat();
    }, this.#options.heartbeat);
    this.#timer.unref();
    this.prove();
  }

  #ping(connection: TrackingConnection): void {
    // A PONG counts for the session that asked: the same connection may have been armed anew meanwhile.
    const { epoch } = this.#lease;
    const life = this.#life;
    const askedAt = this.#session.pingSent();
    const isCurrent = (): boolean => epoch === this.#lease.epoch && life === this.#life;
    const answered = connection.beat(this.#watch.questions).then(
      ({ answers, isPong }) => {
        if (isCurrent()) this.#answered({ answers, askedAt }, isPong);
      },
      // BUSY, LOADING and the like prove nothing; the lease runs on. A dead socket reports itself.
      (cause: unknown) => {
        if (!isCurrent()) return;
        const error = asError(cause);
        if (judgeError(error).kind === 'denied') return this.#lost(error);
        this.#session.pingFailed();
        this.#doubt = `PING was answered with ${error.message}`;
      },
    );
    // Whatever went wrong over an answer must not take the process along.
    answered.catch((error: unknown) => {
      if (life === this.#life) this.#lost(asError(error));
    });
  }

  #answered(answers: Answers, isPong: boolean): void {
    // Whatever else was answered is none of what was asked, either.
    const verdict = isPong ? this.#watch.judge(answers) : nonsense('PING');
    if (verdict.kind === 'denied' || verdict.kind === 'nonsense') {
      this.#lost(verdict.error);
    } else if (verdict.kind === 'authority') {
      this.#session.pongReceived(verdict.coversAsOf);
      if (this.#session.armed) {
        if (this.#session.canProve(this.#options.coherence.leases.proofWanted)) this.prove();
      } else if (this.#isRecent(verdict.coversAsOf)) {
        this.#arm(verdict.coversAsOf);
      }
    } else {
      this.#session.pingFailed();
      if (verdict.kind === 'none') this.#doubt = verdict.reason;
      if (verdict.kind === 'deposed') this.#depose(verdict.reason);
    }
  }

  /** What the node covers must leave its entries some time to be served. */
  #isRecent(coversAsOf: number): boolean {
    const { coherence, maxStaleness } = this.#options;
    return coherence.now() < coversAsOf + maxStaleness;
  }

  /** Nobody pushes that a node changed its role: what it vouched for is void at once, and it must be admitted anew. */
  #depose(reason: string): void {
    if (!this.#session.armed) return;
    this.#session.lose('deposed');
    if (this.#connection === undefined) return;
    this.#standBy();
    this.#options.observer.deposed(this.node, reason);
  }

  #invalidated(key: string | null): void {
    this.#options.observer.invalidated(this.node, key);
    if (key !== null) return;
    // It may have been pointed at another primary, of which it has got everything now.
    this.#session.doubt();
    if (this.#lease.isReplica) this.prove();
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
        await this.#inTime(connection.track([trackingCommand(added, this.#options.noLoop)]));
        if (life !== this.#life) return;
        this.#coverage = wanted;
        this.#session.extend(this.#coveredPrefixes());
        return;
      }
      // Removing needs OFF, and pushes pending at that moment are lost: the session ends and a new one begins.
      this.#session.lose('coverage');
      await this.#inTime(
        connection.track([['CLIENT', 'TRACKING', 'OFF'], trackingCommand(wanted, this.#options.noLoop)]),
      );
      if (life !== this.#life) return;
      this.#coverage = wanted;
      this.#session.arm(this.#coveredPrefixes(), this.#lease.coversAsOf);
    } catch (error) {
      // An error of CLIENT TRACKING can be followed by an OK: this connection's replies can't be trusted any more.
      if (life === this.#life) this.#lost(asError(error));
    }
  }

  /** No heartbeat watches over a session that is being changed: a connection that stays silent is given up here. */
  async #inTime(reply: Promise<void>): Promise<void> {
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
