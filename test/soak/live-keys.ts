// The keys of a soak that are being written. One whose write failed is given up for another: Redis may execute what nobody
// waits for any more at any later time, so that the order of its values would be anybody's guess.

export class LiveKeys {
  readonly #groups = new Map<string, string[]>();
  readonly #givenUp: string[] = [];
  #all: readonly string[] = [];
  #count = 0;

  /** Keys that are written by one loop. Each names its slot of a cluster, as those do that follow it. */
  add(group: string, count: number): void {
    this.#groups.set(
      group,
      Array.from({ length: count }, (_, index) => `k:{${group}:${index}}:0`),
    );
    this.#changed();
  }

  /** @throws Error for a group that is none */
  of(group: string): readonly string[] {
    const names = this.#groups.get(group);
    if (names === undefined) throw new Error(`No keys of ${group}.`);
    return names;
  }

  giveUp(key: string): void {
    this.#givenUp.push(key);
    const next = key.replace(/\d+$/, `${++this.#count}`);
    for (const names of this.#groups.values()) {
      const index = names.indexOf(key);
      if (index >= 0) names[index] = next;
    }
    this.#changed();
  }

  /** Being written now. */
  get all(): readonly string[] {
    return this.#all;
  }

  /** The same, and those that were given up. */
  get ever(): readonly string[] {
    return [...this.#all, ...this.#givenUp];
  }

  #changed(): void {
    this.#all = [...this.#groups.values()].flat();
  }
}
