// How many GETs of the hot key reach Redis each second, by the server's own count, for the live view.

import { monotonic } from './clock.js';
import type { Gauge, Gauges } from './gauges.js';
import type { ServerCounts } from './redis-of-the-sale.js';

/** A server that has not answered for so long gives no answer. Unit: ms. */
export const SILENCE = 600;

export class HotGets implements Gauges {
  readonly #counts: () => Promise<ServerCounts>;
  #asking = false;
  #before: ServerCounts | undefined;
  #last: ServerCounts | undefined;

  constructor(counts: () => Promise<ServerCounts>) {
    this.#counts = counts;
  }

  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const counts = await this.#counts();
    this.#before = this.#last;
    this.#last = counts;
    this.#asking = false;
  }

  read(): readonly Gauge[] {
    return [{ name: 'hot GETs/s at Redis', perSecond: this.#perSecond() }];
  }

  #perSecond(): number | undefined {
    const [before, last] = [this.#before, this.#last];
    if (before === undefined || last === undefined || monotonic() - last.at > SILENCE) return undefined;
    return ((last.hotGets - before.hotGets) / (last.at - before.at)) * 1_000;
  }
}
