// The promises of the near cache, checked against the whole history of writes: (b), (c) and (d) at every reply and, after
// every step, for whatever would be served then; (a) after every step for whatever is held.

import type { Key } from './steps.js';

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
  readonly #versions = new Map<Key, Version[]>();
  /** By key, the newest version that a reader of this process got. */
  readonly #seen = new Map<Key, number>();
  /** By key, the newest version whose own write was acknowledged. */
  readonly #own = new Map<Key, number>();
  /** By key, the version at WATCH: a reader who relies on it must not be told of an older one. */
  readonly #watched = new Map<Key, number>();

  constructor(maxStaleness: number) {
    this.#maxStaleness = maxStaleness;
  }

  /** What was to be written after `at` never comes to pass: a key that was to expire was written before. */
  written(key: Key, version: number, at: number): void {
    const versions = (this.#versions.get(key) ?? []).filter((each) => each.at <= at);
    versions.push({ version, at });
    this.#versions.set(key, versions);
  }

  acknowledged(key: Key, version: number): void {
    this.#own.set(key, Math.max(version, this.#own.get(key) ?? 0));
  }

  watched(key: Key, version: number): void {
    this.#watched.set(key, version);
  }

  unwatched(): void {
    this.#watched.clear();
  }

  /** What a read that starts now must not go below. */
  floorOf(key: Key): number {
    return Math.max(this.#seen.get(key) ?? 0, this.#own.get(key) ?? 0, this.#watched.get(key) ?? 0);
  }

  /** A read that was started at `startedAt`, when {@link floorOf} was `floor`, got `version`. */
  replied(key: Key, version: number, startedAt: number, floor: number): void {
    this.#check(key, version, startedAt, floor);
    this.#seen.set(key, Math.max(version, this.#seen.get(key) ?? 0));
  }

  /** A reader who came now would be answered this. */
  offered(key: Key, version: number, now: number): void {
    this.#check(key, version, now, this.floorOf(key));
  }

  #check(key: Key, version: number, startedAt: number, floor: number): void {
    const own = this.#own.get(key) ?? 0;
    const watched = this.#watched.get(key) ?? 0;
    if (version < floor) {
      const which =
        version < watched && watched <= floor
          ? '(w) older than at WATCH'
          : version < own && own <= floor
            ? '(c) own write lost'
            : '(d) back in time';
      throw new Violation(`${which}: ${key} is ${version}, was ${floor}`);
    }
    const next = this.#versions.get(key)?.find((each) => each.version > version);
    if (next !== undefined && startedAt - next.at > this.#maxStaleness)
      throw new Violation(`(b) stale: ${key} is ${version}, superseded ${startedAt - next.at} before`);
  }

  /** Nothing is on its way that would end it. */
  stuck(key: Key, held: number, actual: number): never {
    throw new Violation(`(a) stuck: ${key} is held as ${held}, is ${actual}, and nothing on its way says so`);
  }

  settled(key: Key, held: number, actual: number): void {
    if (held !== actual) throw new Violation(`(a) stuck: ${key} is held as ${held}, is ${actual}, for good`);
  }

  unanswered(actor: number): never {
    throw new Violation(`(hang) actor ${actor} is never answered`);
  }
}
