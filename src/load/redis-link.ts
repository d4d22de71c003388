// Every wait on Redis ends: with its answer, its error, or after a time limit. Whoever does not answer is left alone for a
// while, so that not every read finds out anew.

import { NearCacheError } from '../errors.js';

/** Redis gave no answer that helps: the origin is asked instead. `cause` says why. */
export class Unreachable extends Error {}

/** How long Redis is left alone after it did not answer. Unit: ms. */
const PAUSE = 500;

export class RedisLink {
  readonly #now: () => number;
  readonly #limit: number;
  #downUntil = Number.NEGATIVE_INFINITY;

  constructor(now: () => number, limit: number) {
    this.#now = now;
    this.#limit = limit;
  }

  /** @throws Unreachable; NearCacheError as the near cache throws it, under `fallback: 'error'` */
  async ask<T>(send: () => Promise<T>): Promise<T> {
    const now = this.#now();
    if (now < this.#downUntil) throw new Unreachable('Redis did not answer a moment ago.');
    const isProbe = this.#downUntil > Number.NEGATIVE_INFINITY;
    // Others need not wait for what one finds out.
    if (isProbe) this.#downUntil = now + this.#limit;
    try {
      const answer = await this.insist(send);
      this.#downUntil = Number.NEGATIVE_INFINITY;
      return answer;
    } catch (error) {
      if (isAnswer(error)) this.#downUntil = Number.NEGATIVE_INFINITY;
      else this.#downUntil = this.#now() + PAUSE;
      if (error instanceof NearCacheError && error.code !== 'ERR_NEAR_REDIS_TIMEOUT') throw error;
      throw new Unreachable('Redis did not help.', { cause: error });
    }
  }

  /**
   * Asks however it went before.
   * @throws NearCacheError `ERR_NEAR_REDIS_TIMEOUT`; whatever the client throws
   */
  async insist<T>(send: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const end = (): void => {
        const message = `Redis gave no answer within redisTimeout (${this.#limit} ms); whether it has executed the command is not known.`;
        reject(new NearCacheError('ERR_NEAR_REDIS_TIMEOUT', message));
      };
      // After a block of the event loop timers come first, and the answer may be there: one more look at the sockets.
      timer = setTimeout(() => setImmediate(end), this.#limit);
    });
    try {
      return await Promise.race([send(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Redis itself refuses: it is there. Its errors begin with a word in capitals, the client's do not. */
function isAnswer(error: unknown): boolean {
  if (error instanceof NearCacheError) return error.code !== 'ERR_NEAR_REDIS_TIMEOUT';
  return error instanceof Error && /^[A-Z]{2,} /.test(error.message);
}

/** What lies beneath, where something does. */
export function reasonOf(error: unknown): unknown {
  return error instanceof Unreachable ? (error.cause ?? error) : error;
}
