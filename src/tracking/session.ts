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
  readonly #coherence: Coherence;
  /** When the PING under way was sent. */
  #pingSentAt: number | undefined;
  /** When the last answered PING was sent: what the next PONG proves. */
  #answeredSentAt = Number.NEGATIVE_INFINITY;

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

  /** Tracking is on for the prefixes. */
  arm(covered: Iterable<Prefix>): void {
    this.#pingSentAt = undefined;
    this.#coherence.arm(this.lease, covered);
    this.#answeredSentAt = this.lease.provenAsOf;
  }

  /** More prefixes are tracked in the same epoch. */
  extend(covered: Iterable<Prefix>): void {
    for (const prefix of covered) this.lease.covered.add(prefix);
  }

  lose(reason: RevokeReason): void {
    this.#pingSentAt = undefined;
    this.#coherence.revoke(this.lease, reason);
  }

  pingSent(): void {
    this.#pingSentAt = this.#coherence.now();
  }

  /**
   * PONG n proves freshness as of the sending of PING n-1: a PONG can overtake the pushes of its own turn, and on
   * some servers pushes of writes acknowledged shortly before, but never those of before the PING before it.
   */
  pongReceived(): void {
    const sentAt = this.#pingSentAt;
    if (sentAt === undefined || !this.armed) return;
    this.#pingSentAt = undefined;
    this.rtt = this.#coherence.now() - sentAt;
    const proven = this.#answeredSentAt;
    this.#answeredSentAt = sentAt;
    this.#coherence.prove(this.lease, proven);
  }

  /** The PING was answered by something that proves nothing (BUSY, LOADING, MASTERDOWN, NOPERM ...). */
  pingFailed(): void {
    this.#pingSentAt = undefined;
  }

  /** No proof came in time: the connection is worth nothing any more. */
  expired(maxStaleness: number): boolean {
    return this.armed && this.#coherence.now() >= this.lease.provenAsOf + maxStaleness;
  }
}
