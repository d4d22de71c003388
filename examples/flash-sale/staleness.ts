// How stale what readers saw was, measured: a read that was started after the server had acknowledged the next
// version, and still returned this one, was stale by the time between the two. Versions that a failover lost were never
// there to be seen.

import type { Acknowledgement, Sighting } from './messages.js';

export class Staleness {
  readonly #acknowledgedAt = new Map<number, number>();
  #newest = 0;
  /** Acknowledged versions that Redis lost in a failover. */
  lost = 0;
  /** By version, when the latest read that returned it was started. */
  #readAt = new Map<number, number>();

  acknowledged({ version, at, replaced = version - 1 }: Acknowledgement): void {
    for (let gone = replaced + 1; gone < version; gone++) if (this.#acknowledgedAt.delete(gone)) this.lost++;
    this.#acknowledgedAt.set(version, at);
    this.#newest = version;
  }

  saw(sightings: readonly Sighting[]): void {
    for (const { version, readAt } of sightings) {
      if (readAt > (this.#readAt.get(version) ?? 0)) this.#readAt.set(version, readAt);
    }
  }

  /** Forgets what was seen: a new act begins. */
  begin(): void {
    this.#readAt = new Map();
  }

  /** The worst of any reader since the act began. Unit: ms. */
  worst(): number {
    let worst = 0;
    for (const [version, readAt] of this.#readAt) {
      worst = Math.max(worst, readAt - this.#replacedAt(version));
    }
    return worst;
  }

  #replacedAt(version: number): number {
    for (let next = version + 1; next <= this.#newest; next++) {
      const at = this.#acknowledgedAt.get(next);
      if (at !== undefined) return at;
    }
    return Number.POSITIVE_INFINITY;
  }
}
