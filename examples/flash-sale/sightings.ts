// Which versions of the offer the readers of one process saw, and how late.

import type { Offer } from './catalogue.js';
import type { Sighting } from './messages.js';

export class Sightings {
  /** Reads that returned an older version than one that had been returned before they were started. */
  stepsBack = 0;
  /** The newest version returned so far. */
  newest = 0;
  readonly #readAt = new Map<number, number>();
  /** The text of the version parsed last: an offer is read far more often than it changes. */
  #text = '';
  #version = 0;

  /**
   * @param offer the value of the hot key
   * @param readAt when the read was started: `monotonic()`, ms
   * @param newest the newest version known at that moment
   */
  saw(offer: string, readAt: number, newest: number): void {
    if (offer !== this.#text) {
      this.#text = offer;
      this.#version = (JSON.parse(offer) as Offer).version;
      this.newest = Math.max(this.newest, this.#version);
    }
    if (this.#version < newest) this.stepsBack++;
    if (readAt > (this.#readAt.get(this.#version) ?? 0)) this.#readAt.set(this.#version, readAt);
  }

  /** What was seen since the last call. */
  take(): Sighting[] {
    const sightings = Array.from(this.#readAt, ([version, readAt]) => ({ version, readAt }));
    this.#readAt.clear();
    return sightings;
  }
}
