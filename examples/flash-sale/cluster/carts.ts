// The ordinary load beside the rush: visitors put things into carts, whose keys are spread over all shards and are not
// cached. Steady, so that every shard has about the same to do.

import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../catalogue.js';
import type { Cluster } from './shop.js';

const CARTS = 10_000;
/** Time between two changes of some cart. Unit: ms. */
const EVERY = 10;
/** One change in so many is looked at afterwards. */
const LOOK_EVERY = 20;

export class Carts {
  readonly #redis: Cluster;
  readonly #random: Random;
  #open = false;
  #filling: Promise<unknown> = Promise.resolve();

  constructor(redis: Cluster, random: Random) {
    this.#redis = redis;
    this.#random = random;
  }

  start(): void {
    this.#open = true;
    this.#filling = this.#fill();
  }

  async stop(): Promise<void> {
    this.#open = false;
    await this.#filling;
  }

  async #fill(): Promise<void> {
    for (let change = 1; this.#open; change++) {
      const cart = `cart:${Math.floor(this.#random() * CARTS)}`;
      // Nobody waits: a visitor to a shard that is gone holds nobody up, and gives up.
      this.#change(cart, change % LOOK_EVERY === 0).catch(() => {});
      await delay(EVERY);
    }
  }

  async #change(cart: string, looked: boolean): Promise<void> {
    await this.#redis.hIncrBy(cart, 'things', 1);
    if (looked) await this.#redis.hGetAll(cart);
  }
}
