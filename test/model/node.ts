// A node as the process knows it: a data connection and a tracking connection, the latter led by the real session and
// the real watch. What the tracker does with sockets and timers is done here by the scheduler's steps.

import type { Coherence } from '../../src/cache/coherence.js';
import type { Lease } from '../../src/cache/lease.js';
import type { NodeWatch } from '../../src/tracking/node-watch.js';
import { Session } from '../../src/tracking/session.js';
import { Channel } from './channel.js';
import type { Answer, Request } from './requests.js';
import { type ModelServer, type Told, Tracked } from './server.js';

export class Node {
  readonly server: ModelServer;
  readonly session: Session;
  readonly requests = new Channel<Request>();
  readonly replies = new Channel<Answer>();
  readonly #coherence: Coherence;
  readonly #maxStaleness: number;
  readonly #watch: NodeWatch;
  tracked: Tracked | undefined;
  /** The PING under way. */
  ping: 'none' | 'sent' | 'executed' = 'none';
  /** The tracking connection is half-open: nothing arrives on it any more. */
  isSilent = false;
  /** What the server was when it last answered a heartbeat. */
  knownRank = 0;
  #askedAt = 0;
  #askedIn = 0;

  constructor(
    server: ModelServer,
    coherence: Coherence,
    maxStaleness: number,
    isReplica: boolean,
    watch: (node: Node) => NodeWatch,
  ) {
    this.server = server;
    this.#coherence = coherence;
    this.#maxStaleness = maxStaleness;
    const lease = coherence.leases.open();
    lease.isReplica = isReplica;
    if (isReplica) lease.coversAsOf = Number.NEGATIVE_INFINITY;
    this.session = new Session(coherence, lease);
    this.#watch = watch(this);
  }

  get lease(): Lease {
    return this.session.lease;
  }

  /** The server has begun to push; the session is armed once the node has said what it is (`Tracker#admit`). */
  connect(): void {
    this.tracked = new Tracked();
    this.server.tracked.add(this.tracked);
    this.#watch.reset();
    this.sendPing();
  }

  lose(): void {
    if (this.tracked !== undefined) this.server.tracked.delete(this.tracked);
    this.tracked = undefined;
    this.ping = 'none';
    this.isSilent = false;
    this.session.lose('lost');
  }

  sendPing(): void {
    this.#askedIn = this.lease.epoch;
    this.#askedAt = this.session.pingSent();
    this.ping = 'sent';
  }

  /** The heartbeat's timer, however late (`Tracker#beat`). */
  tick(): void {
    const expired = this.session.expired(this.#maxStaleness);
    if (expired && !this.session.pinging) this.#depose();
    else if (expired || this.session.silent(this.#maxStaleness)) this.lose();
    if (this.tracked !== undefined && this.ping === 'none') this.sendPing();
  }

  executePing(): void {
    const answers = this.#watch.questions.map((question) => this.server.answer(question));
    this.ping = 'executed';
    this.tracked?.pong(answers, this.server.rank);
  }

  /** Something arrives on the tracking connection (`Tracker#apply`, `Tracker#answered`). */
  told(message: Told): void {
    if (message.kind === 'pong') {
      this.#answered(message.answers, message.rank);
    } else if (message.key === null) {
      this.#coherence.flush('server');
      this.session.doubt();
    } else {
      this.#coherence.invalidate(message.key);
    }
  }

  #answered(answers: readonly unknown[], rank: number): void {
    this.ping = 'none';
    if (this.#askedIn !== this.lease.epoch) return;
    const verdict = this.#watch.judge({ answers, askedAt: this.#askedAt });
    this.knownRank = rank;
    if (verdict.kind !== 'authority') {
      this.session.pingFailed();
      if (verdict.kind === 'deposed') this.#depose();
      return;
    }
    const { coversAsOf } = verdict;
    this.session.pongReceived(coversAsOf);
    const isRecent = this.#coherence.now() < coversAsOf + this.#maxStaleness;
    if (!this.session.armed && isRecent) this.session.arm(this.#coherence.prefixes.all(), coversAsOf);
  }

  #depose(): void {
    if (!this.session.armed) return;
    this.session.lose('deposed');
    this.#watch.reset();
  }

  /** Whether something will still tell the process that what this node vouches for of `key` may not be true any more. */
  hasNewsOf(key: string): boolean {
    if (this.isSilent || this.tracked === undefined) return true;
    return this.tracked.hasNewsOf(key) || this.server.rank > this.knownRank;
  }
}
