// How many GETs of the hot key reach Redis each second, by the server's own count, for the live view.

import { monotonic } from './clock.js';
import type { RedisOfTheSale, ServerCounts } from './redis-of-the-sale.js';

/** A server that has not answered for so long gives no answer. Unit: ms. */
const SILENCE = 600;

export class HotGets {
  readonly #redis: RedisOfTheSale;
  #asking = false;
  #before: ServerCounts | undefined;
  #last: ServerCounts | undefined;

  constructor(redis: RedisOfTheSale) {
    this.#redis = redis;
  }

  /** Asks the server, unless it still owes an answer. */
  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const counts = await this.#redis.counts();
    this.#before = this.#last;
    this.#last = counts;
    this.#asking = false;
  }

  /** Between the last two answers; `undefined` while the server gives none. */
  get perSecond(): number | undefined {
    const [before, last] = [this.#before, this.#last];
    if (before === undefined || last === undefined || monotonic() - last.at > SILENCE) return undefined;
    return ((last.hotGets - before.hotGets) / (last.at - before.at)) * 1_000;
  }
}
