// The registered prefixes: longest match for a key, and the coverage that goes on the wire.

import { Prefix, type PrefixSettings } from './prefix.js';

export class PrefixRegistry {
  readonly #byName = new Map<string, Prefix>();
  /** Distinct lengths, longest first: a match costs one lookup per length, however many prefixes there are. */
  #lengths: number[] = [];

  /** Registers a prefix; the same name again keeps its counters and takes the new settings. */
  add(name: string, settings: PrefixSettings): Prefix {
    const known = this.#byName.get(name);
    if (known !== undefined) {
      known.configure(settings);
      return known;
    }
    const prefix = new Prefix(name, settings);
    this.#byName.set(name, prefix);
    this.#measure();
    return prefix;
  }

  remove(name: string): Prefix | undefined {
    const prefix = this.#byName.get(name);
    if (prefix === undefined) return undefined;
    this.#byName.delete(name);
    this.#measure();
    return prefix;
  }

  /** The longest registered prefix of `key`: the one that counts. */
  match(key: string): Prefix | undefined {
    for (const length of this.#lengths) {
      if (key.length < length) continue;
      const prefix = this.#byName.get(key.slice(0, length));
      if (prefix !== undefined) return prefix;
    }
    return undefined;
  }

  all(): IterableIterator<Prefix> {
    return this.#byName.values();
  }

  coverage(): string[] {
    return coverageOf(this.#byName.keys());
  }

  #measure(): void {
    const lengths = new Set<number>();
    for (const name of this.#byName.keys()) lengths.add(name.length);
    this.#lengths = [...lengths].sort((a, b) => b - a);
  }
}

/**
 * The smallest set of prefixes that covers all of them without overlap. A server refuses overlapping lists, and
 * for some of them answers an error *and then* OK, which shifts every later reply by one.
 * Source: CLIENT TRACKING, https://redis.io/docs/latest/commands/client-tracking/
 */
export function coverageOf(prefixes: Iterable<string>): string[] {
  const coverage: string[] = [];
  // Sorted, a prefix stands right before everything that it covers.
  for (const prefix of [...new Set(prefixes)].sort()) {
    const last = coverage.at(-1);
    if (last === undefined || !prefix.startsWith(last)) coverage.push(prefix);
  }
  return coverage;
}
