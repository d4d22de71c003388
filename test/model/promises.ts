// The promises of the near cache, checked at every reply against the whole history of writes. (a) is checked at the end.

export class Violation extends Error {
  override readonly name = 'Violation';
}

interface Version {
  readonly version: number;
  /** When the primary executed the write. */
  readonly at: number;
}

export class Promises {
  readonly #maxStaleness: number;
  /** By key, every version there was. */
  readonly #versions = new Map<string, Version[]>();
  /** By key, the newest version that a reader of this process got. */
  readonly #seen = new Map<string, number>();
  /** By key, the newest version whose own write was acknowledged. */
  readonly #own = new Map<string, number>();

  constructor(maxStaleness: number) {
    this.#maxStaleness = maxStaleness;
  }

  written(key: string, version: number, at: number): void {
    const versions = this.#versions.get(key) ?? [];
    versions.push({ version, at });
    this.#versions.set(key, versions);
  }

  acknowledged(key: string, version: number): void {
    this.#own.set(key, Math.max(version, this.#own.get(key) ?? 0));
  }

  /** What a read that starts now must not go below. */
  floorOf(key: string): number {
    return Math.max(this.#seen.get(key) ?? 0, this.#own.get(key) ?? 0);
  }

  /** A read that was started at `startedAt`, when {@link floorOf} was `floor`, got `version`. */
  replied(key: string, version: number, startedAt: number, floor: number): void {
    const own = this.#own.get(key) ?? 0;
    if (version < floor) {
      const which = version < own && own <= floor ? '(c) own write lost' : '(d) back in time';
      throw new Violation(`${which}: ${key} is ${version}, was ${floor}`);
    }
    const next = this.#versions.get(key)?.find((each) => each.version > version);
    if (next !== undefined && startedAt - next.at > this.#maxStaleness)
      throw new Violation(`(b) stale: ${key} is ${version}, superseded ${startedAt - next.at} before`);
    this.#seen.set(key, Math.max(version, this.#seen.get(key) ?? 0));
  }

  settled(key: string, held: number, actual: number): void {
    if (held !== actual) throw new Violation(`(a) stuck: ${key} is held as ${held}, is ${actual}`);
  }
}
