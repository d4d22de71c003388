// When this process last wrote or read a key at its primary (rule C9): until a replica covers that moment, it may tell of
// an older state than this process has seen. Pure state, bounded.

/** Whose times are known one by one. */
const MAX_KEYS = 10_000;

export class Detours {
  /** By key, the oldest first. */
  readonly #times = new Map<string, number>();
  /** The same for every key that is not in the map. */
  #floor = Number.NEGATIVE_INFINITY;

  /** The key was written, or read at the primary, up to `now`. */
  note(key: string, now: number): void {
    this.#times.delete(key);
    this.#times.set(key, now);
    if (this.#times.size <= MAX_KEYS) return;
    const [oldest] = this.#times;
    if (oldest === undefined) return;
    this.#times.delete(oldest[0]);
    this.#floor = Math.max(this.#floor, oldest[1]);
  }

  /** Any key may have been; until infinity: no replica is to be read from any more. */
  noteAll(now: number): void {
    this.#times.clear();
    this.#floor = Math.max(this.#floor, now);
  }

  /** The moment that a replica must cover before the key is read from it. */
  since(key: string): number {
    return Math.max(this.#times.get(key) ?? Number.NEGATIVE_INFINITY, this.#floor);
  }
}
