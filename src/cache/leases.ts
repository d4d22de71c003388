// The leases of all nodes, and what holds them back together: commands whose keys are unknown (rule C4) and keys under
// optimistic locking (rule C11). Pure state.

import type { CoherenceObserver, RevokeReason } from './events.js';
import { Lease } from './lease.js';
import type { TurnClock } from './turn-clock.js';

const NOT_SERVING = Number.NEGATIVE_INFINITY;

export class Leases {
  readonly #leases = new Set<Lease>();
  readonly #clock: TurnClock;
  readonly #maxStaleness: number;
  readonly #observer: CoherenceObserver;
  /** Commands under way whose keys are unknown. */
  #barriers = 0;
  /** Leases proven before this moment do not serve: an unknown command was answered then. */
  #provenAfter = NOT_SERVING;
  /** Up to when somebody waits for a proof. */
  #proofAwaited = NOT_SERVING;
  /** Whether the caller holds keys under optimistic locking. */
  #held = false;

  constructor(clock: TurnClock, maxStaleness: number, observer: CoherenceObserver) {
    this.#clock = clock;
    this.#maxStaleness = maxStaleness;
    this.#observer = observer;
  }

  get size(): number {
    return this.#leases.size;
  }

  [Symbol.iterator](): Iterator<Lease> {
    return this.#leases.values();
  }

  open(maxTtl?: number): Lease {
    const lease = new Lease(maxTtl);
    this.#leases.add(lease);
    return lease;
  }

  /** The lease was revoked for good. */
  delete(lease: Lease): void {
    this.#leases.delete(lease);
  }

  /** Whether any lease may serve now. */
  get serving(): boolean {
    const now = this.#clock.exact();
    for (const { serveUntil } of this.#leases) if (now < serveUntil) return true;
    return false;
  }

  /** What the lease's own state and the gates come to. */
  settle(lease: Lease, reason?: RevokeReason): void {
    const { armed, provenAsOf } = lease;
    const free = armed && !this.#held && this.#barriers === 0 && provenAsOf >= this.#provenAfter;
    const until = free ? Math.min(provenAsOf + this.#maxStaleness, Number.MAX_SAFE_INTEGER) : NOT_SERVING;
    lease.serveUntil = until;
    this.#observer.servingChanged(reason);
  }

  #settleAll(): void {
    for (const lease of this.#leases) this.settle(lease);
  }

  /** Why nothing is served although leases are armed, if so. */
  get gate(): 'barrier' | 'watch' | undefined {
    if (this.#held) return 'watch';
    if (this.#barriers > 0) return 'barrier';
    for (const { armed, provenAsOf } of this.#leases) {
      if (armed && provenAsOf < this.#provenAfter) return 'barrier';
    }
    return undefined;
  }

  raiseBarrier(): void {
    this.#barriers++;
    this.#settleAll();
  }

  lowerBarrier(): void {
    this.#barriers--;
    this.#provenAfter = this.#clock.exact();
    this.#settleAll();
    if (this.wantsProof) this.#observer.proofWanted();
  }

  /** Somebody waits until everything up to `asOf` is proven to have been applied. */
  wantProof(asOf: number): void {
    this.#proofAwaited = Math.max(this.#proofAwaited, asOf);
    this.#observer.proofWanted();
  }

  /** What was before this moment must be proven for everything to be served that is now held back. */
  get proofWanted(): number {
    return this.#barriers > 0 ? this.#proofAwaited : Math.max(this.#proofAwaited, this.#provenAfter);
  }

  /** Whether a proof by some node would let something be served that is now held back. */
  get wantsProof(): boolean {
    const wanted = this.proofWanted;
    for (const { armed, provenAsOf } of this.#leases) if (armed && provenAsOf < wanted) return true;
    return false;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Reads bypass while the caller relies on optimistic locking (rule C11). */
  hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.#settleAll();
  }
}
