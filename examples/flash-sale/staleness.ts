// How stale what readers saw was, measured: a read that was started after the server had acknowledged the next
// version, and still returned this one, was stale by the time between the two.

import type { Acknowledgement, Sighting } from './messages.js';

export class Staleness {
  readonly #acknowledgedAt = new Map<number, number>();
  /** By version, when the latest read that returned it was started. */
  #readAt = new Map<number, number>();

  acknowledged({ version, at }: Acknowledgement): void {
    this.#acknowledgedAt.set(version, at);
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
      const replacedAt = this.#acknowledgedAt.get(version + 1) ?? Number.POSITIVE_INFINITY;
      worst = Math.max(worst, readAt - replacedAt);
    }
    return worst;
  }
}
