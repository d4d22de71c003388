// The readers of one application server: each asks for the next product as soon as it has the last one.

import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { HOT_KEY } from './catalogue.js';
import { monotonic } from './clock.js';
import type { Shop } from './shop.js';
import { Sightings } from './sightings.js';
import { Stopwatch } from './stopwatch.js';

/** Reads that come from memory never wait, so after this many a reader lets the event loop turn. */
const BATCH = 64;

export class Readers {
  readonly stopwatch = new Stopwatch();
  readonly sightings = new Sightings();
  /** Reads that Redis did not answer. */
  failures = 0;
  readonly #shop: Shop;
  readonly #visits: readonly string[];
  #next = 0;
  #open = false;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param visits the keys to read, over and over */
  constructor(shop: Shop, visits: readonly string[]) {
    this.#shop = shop;
    this.#visits = visits;
  }

  start(count: number): void {
    this.#open = true;
    this.#reading = Promise.all(Array.from({ length: count }, () => this.#read()));
  }

  async stop(): Promise<void> {
    this.#open = false;
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (this.#open) {
      await nextTurn();
      const turn = new Turn();
      for (let read = 0; read < BATCH && !turn.over; read++) await this.#try(turn);
    }
  }

  async #try(turn: Turn): Promise<void> {
    const { retryAfter } = this.#shop;
    if (retryAfter === undefined) return this.#visit(turn);
    try {
      await this.#visit(turn);
    } catch {
      this.failures++;
      await delay(retryAfter);
    }
  }

  async #visit(turn: Turn): Promise<void> {
    if (this.#next === this.#visits.length) this.#next = 0;
    const key = this.#visits[this.#next++] ?? HOT_KEY;
    const { newest } = this.sightings;
    const startedAt = monotonic();
    if (key !== HOT_KEY) {
      await this.#shop.item(key);
      this.stopwatch.returned(startedAt, !turn.over);
      return;
    }
    const offer = await this.#shop.offer();
    this.stopwatch.returned(startedAt, !turn.over);
    if (offer === null) throw new Error(`${HOT_KEY} is gone.`);
    this.sightings.saw(offer, startedAt, newest);
  }
}

/**
 * One turn of the event loop. No socket is read before it is over, so a read that returns earlier came from memory:
 * that is what counts as a hit here, without asking the cache. A reader that had to wait ends its batch, as a web
 * request would; otherwise readers woken by one reply would be timed while they queue for each other.
 */
class Turn {
  over = false;

  constructor() {
    process.nextTick(() => {
      this.over = true;
    });
  }
}
