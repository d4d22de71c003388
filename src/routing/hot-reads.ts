// Which keys this process reads often at Redis: counted in windows of a second, in bounded memory. Only reads that are
// sent count; a key that is answered from memory needs no further help.

/** Unit: ms. */
const WINDOW = 1_000;
/** Of a window; further keys are not counted, and so not hot. */
const MAX_KEYS = 10_000;

export class HotReads {
  readonly #hotAfter: number;
  #now = new Map<string, number>();
  #before = new Map<string, number>();
  #since = Number.NEGATIVE_INFINITY;

  /** @param hotAfter reads sent within a window that make a key hot */
  constructor(hotAfter: number) {
    this.#hotAfter = hotAfter;
  }

  /** Counts a read about to be sent. @returns whether the key is hot */
  count(key: string, now: number): boolean {
    if (now >= this.#since + WINDOW) {
      this.#before = now < this.#since + 2 * WINDOW ? this.#now : new Map();
      this.#now = new Map();
      this.#since = now;
    }
    const sent = (this.#now.get(key) ?? 0) + 1;
    if (sent > 1 || this.#now.size < MAX_KEYS) this.#now.set(key, sent);
    return Math.max(sent, this.#before.get(key) ?? 0) >= this.#hotAfter;
  }
}
