// One node's session: what heartbeats prove about its lease (rule C6). Pure state; the tracker sends the PINGs
// and tells the time.

import type { Coherence } from '../cache/coherence.js';
import type { RevokeReason } from '../cache/events.js';
import type { Lease } from '../cache/lease.js';
import type { Prefix } from '../cache/prefix.js';

export class Session {
  readonly lease: Lease;
  /** Time from the last answered PING to its PONG. Unit: ms. */
  rtt: number | undefined;
  /** The same, smoothed. */
  smoothRtt: number | undefined;
  readonly #coherence: Coherence;
  /** When the PING under way was sent. */
  #pingSentAt: number | undefined;
  /** When the last answered PING was sent, or what the node covered then if that is less: what the next PONG proves. */
  #answered = Number.NEGATIVE_INFINITY;

  constructor(coherence: Coherence, lease: Lease) {
    this.#coherence = coherence;
    this.lease = lease;
  }

  get armed(): boolean {
    return this.lease.armed;
  }

  get pinging(): boolean {
    return this.#pingSentAt !== undefined;
  }

  /** Tracking is on for the prefixes, at a node that has applied everything up to `coversAsOf`. */
  arm(covered: Iterable<Prefix>, coversAsOf = Number.POSITIVE_INFINITY): void {
    this.#pingSentAt = undefined;
    this.lease.coversAsOf = coversAsOf;
    this.#coherence.arm(this.lease, covered, coversAsOf);
    this.#answered = this.lease.provenAsOf;
  }

  /** More prefixes are tracked in the same epoch. */
  extend(covered: Iterable<Prefix>): void {
    for (const prefix of covered) this.lease.covered.add(prefix);
  }

  lose(reason: RevokeReason): void {
    this.#pingSentAt = undefined;
    this.#coherence.revoke(this.lease, reason);
  }

  /** @returns when, in ms on the cache's clock */
  pingSent(): number {
    this.#pingSentAt = this.#coherence.now();
    return this.#pingSentAt;
  }

  /**
   * PONG n proves freshness as of the sending of PING n-1: a PONG can overtake the pushes of its own turn, and on
   * some servers pushes of writes acknowledged shortly before, but never those of before the PING before it. The same
   * holds for what a replica had applied by then (rule C9): `coversAsOf` counts with the next PONG.
   */
  pongReceived(coversAsOf = Number.POSITIVE_INFINITY): void {
    const sentAt = this.#pingSentAt;
    if (sentAt === undefined) return;
    this.#pingSentAt = undefined;
    this.rtt = this.#coherence.now() - sentAt;
    this.smoothRtt = this.smoothRtt === undefined ? this.rtt : this.smoothRtt * 0.875 + this.rtt * 0.125;
    if (!this.armed) return;
    const proven = this.#answered;
    this.#answered = Math.min(sentAt, coversAsOf);
    this.lease.coversAsOf = coversAsOf;
    this.#coherence.prove(this.lease, proven);
  }

  /**
   * Whether `asOf` is not proven yet and another PING now can change that. A replica that has not applied it yet is asked
   * again with its primary, not over and over for as long as it is behind.
   */
  canProve(asOf: number): boolean {
    if (!this.armed || this.lease.provenAsOf >= asOf) return false;
    return !this.lease.isReplica || this.#answered >= asOf;
  }

  /** The PING was answered by something that proves nothing (BUSY, LOADING, MASTERDOWN, NOPERM ...). */
  pingFailed(): void {
    this.#pingSentAt = undefined;
    this.doubt();
  }

  /** What a replica covers is not known until it says so again: its link is down, or its data was replaced as a whole. */
  doubt(): void {
    if (this.lease.isReplica) this.lease.coversAsOf = Number.NEGATIVE_INFINITY;
  }

  /** Nothing was answered for so long that the connection is worth nothing any more. */
  silent(maxStaleness: number): boolean {
    return this.#coherence.now() >= (this.#pingSentAt ?? Number.POSITIVE_INFINITY) + maxStaleness;
  }

  /** No proof came in time. */
  expired(maxStaleness: number): boolean {
    return this.armed && this.#coherence.now() >= this.lease.provenAsOf + maxStaleness;
  }
}
