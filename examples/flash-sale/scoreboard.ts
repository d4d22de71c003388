// Adds up what the application servers report: rates and hit ratios between two reports, and latencies.

import type { NearState } from 'redis-near-cache';
import type { Latency, Report } from './messages.js';

export interface Score {
  readonly readsPerSecond: number;
  /** Of all reads; 0 for the plain client. */
  readonly hitRatio: number;
  readonly hitRatios: Readonly<Record<string, number>>;
  /** Of the slowest application server: percentiles of several processes can't be merged, their maximum can. */
  readonly latency: Latency;
}

interface Reports {
  readonly mark: Report;
  readonly previous: Report;
  readonly latest: Report;
}

export class Scoreboard {
  /** By application server. */
  readonly #servers = new Map<number, Reports>();

  reported(server: number, latest: Report): void {
    const known = this.#servers.get(server);
    this.#servers.set(server, { mark: known?.mark ?? latest, previous: known?.latest ?? latest, latest });
  }

  /** What is reported from here on counts. */
  mark(): void {
    for (const [server, reports] of this.#servers) {
      this.#servers.set(server, { ...reports, mark: reports.latest });
    }
  }

  /** Other clients, other counters. */
  clear(): void {
    this.#servers.clear();
  }

  /** Of the near caches, by application server; `undefined` for a plain client. */
  get states(): (NearState | undefined)[] {
    return this.#inOrder().map(({ latest }) => latest.state);
  }

  get stepsBack(): number {
    return sum(this.#all(), ({ latest }) => latest.stepsBack);
  }

  /** Reads that Redis did not answer. */
  get failures(): number {
    return sum(this.#all(), ({ latest }) => latest.failures);
  }

  /** Hits of a prefix, by application server. */
  hits(prefix: string): number[] {
    return this.#inOrder().map(({ latest }) => latest.prefixes[prefix]?.hits ?? 0);
  }

  recent(): Score {
    return this.#score(({ previous }) => previous, 'recent');
  }

  sinceMark(): Score {
    return this.#score(({ mark }) => mark, 'sinceMark');
  }

  #inOrder(): Reports[] {
    return [...this.#servers].sort(([one], [other]) => one - other).map(([, reports]) => reports);
  }

  #all(): Reports[] {
    return [...this.#servers.values()];
  }

  #score(start: (reports: Reports) => Report, span: 'recent' | 'sinceMark'): Score {
    const all = this.#all();
    const names = new Set(all.flatMap(({ latest }) => Object.keys(latest.prefixes)));
    const hitsOf = (name: string): number =>
      sum(all, (reports) => risen(start(reports), reports.latest, name, 'hits'));
    const readsOf = (name: string): number =>
      sum(all, (reports) => risen(start(reports), reports.latest, name, 'reads'));
    const slowest = (figure: keyof Latency): number | null => {
      const known = all.map(({ latest }) => latest[span][figure]).filter((micros) => micros !== null);
      return known.length === 0 ? null : Math.max(...known);
    };
    return {
      readsPerSecond: sum(all, (reports) => rate(start(reports), reports.latest)),
      hitRatio: ratio(sum([...names], hitsOf), sum([...names], readsOf)),
      hitRatios: Object.fromEntries(Array.from(names, (name) => [name, ratio(hitsOf(name), readsOf(name))])),
      latency: {
        readP50: slowest('readP50'),
        readP99: slowest('readP99'),
        hitP50: slowest('hitP50'),
        hitP99: slowest('hitP99'),
      },
    };
  }
}

function rate(start: Report, end: Report): number {
  return end.at > start.at ? ((end.reads - start.reads) / (end.at - start.at)) * 1_000 : 0;
}

function risen(start: Report, end: Report, prefix: string, counter: 'hits' | 'reads'): number {
  return (end.prefixes[prefix]?.[counter] ?? 0) - (start.prefixes[prefix]?.[counter] ?? 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
