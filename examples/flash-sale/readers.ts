// The readers of one application server: each asks for the next product as soon as it has the last one.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { HOT_KEY } from './catalogue.js';
import { monotonic } from './clock.js';
import type { Redis } from './shop.js';
import { Sightings } from './sightings.js';
import { Stopwatch } from './stopwatch.js';

/** Reads that come from memory never wait, so after this many a reader lets the event loop turn. */
const BATCH = 64;

export class Readers {
  readonly stopwatch = new Stopwatch();
  readonly sightings = new Sightings();
  readonly #redis: Redis;
  readonly #visits: readonly string[];
  #next = 0;
  #open = false;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param visits the keys to read, over and over */
  constructor(redis: Redis, visits: readonly string[]) {
    this.#redis = redis;
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
      for (let read = 0; read < BATCH && !turn.over; read++) await this.#visit(turn);
    }
  }

  async #visit(turn: Turn): Promise<void> {
    if (this.#next === this.#visits.length) this.#next = 0;
    const key = this.#visits[this.#next++] ?? HOT_KEY;
    const { newest } = this.sightings;
    const startedAt = monotonic();
    if (key !== HOT_KEY) {
      await this.#redis.hGetAll(key);
      this.stopwatch.returned(startedAt, !turn.over);
      return;
    }
    const offer = await this.#redis.get(HOT_KEY);
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
