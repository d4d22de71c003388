// Readers without a pause, and somebody who writes past them: for how long no read was answered from memory.

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Near } from '../../support/client.js';
import { discard } from '../../support/majors.js';
import type { RedisServer } from '../../support/redis-server.js';
import { single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

const KEYS = Array.from({ length: 20 }, (_, at) => `k:load:${at}`);
const READERS = 4;

export class Load {
  readonly #redis: Near;
  readonly #stopping = new AbortController();
  #work: Promise<unknown> = Promise.resolve();
  #lastHit = performance.now();
  #longestGap = 0;
  #hits = 0;
  /** The newest value that each key certainly has. */
  readonly #written = new Map<string, number>();

  private constructor(redis: Near) {
    this.#redis = redis;
  }

  /** Resolves when reads are hits. */
  static async start(redis: Near, server: RedisServer): Promise<Load> {
    const load = new Load(redis);
    load.#work = Promise.all([
      ...Array.from({ length: READERS }, (_, at) => load.#read(at)),
      load.#write(server),
    ]);
    await load.hitsAgain();
    return load;
  }

  /** The longest time without a hit since {@link mark}. Unit: ms. */
  get longestGap(): number {
    return Math.max(this.#longestGap, performance.now() - this.#lastHit);
  }

  mark(): void {
    this.#longestGap = 0;
    this.#lastHit = performance.now();
  }

  /** Waits for some hundred hits. */
  async hitsAgain(): Promise<void> {
    const from = this.#hits;
    await until(() => this.#hits > from + 300, 10_000, 'hits');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #read(first: number): Promise<void> {
    for (let at = first; !this.#stopping.signal.aborted; at++) {
      const key = KEYS[at % KEYS.length] ?? '';
      const isHit = this.#redis.near.peek(key) !== undefined;
      const certain = this.#written.get(key) ?? 0;
      const value = await this.#redis.get(key).catch(() => undefined);
      // Within the lease a value may be old, never older than it was allowed to be; here pushes take moments.
      if (value !== undefined && !isHit) expect(Number(value)).toBeGreaterThanOrEqual(certain);
      if (isHit) this.#hit();
      await turn();
    }
  }

  #hit(): void {
    const now = performance.now();
    this.#longestGap = Math.max(this.#longestGap, now - this.#lastHit);
    this.#lastHit = now;
    this.#hits++;
  }

  async #write(server: RedisServer): Promise<void> {
    const outsider = single(5, server.url);
    await outsider.connect();
    for (let round = 1; !this.#stopping.signal.aborted; round++) {
      const key = KEYS[round % KEYS.length] ?? '';
      await outsider.set(key, `${round}`);
      this.#written.set(key, round);
      for (let pause = 0; pause < 20; pause++) await turn();
    }
    await discard(outsider);
  }
}
