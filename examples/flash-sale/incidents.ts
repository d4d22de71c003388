// What happened to the near caches of the application servers in an act: states, flushes, recoveries.

import type { NearState } from 'redis-near-cache';
import type { Flush, StateChange } from './messages.js';

export interface IncidentFigures {
  /** Time in bypass, on average per application server. Unit: ms. */
  readonly bypassMs: number;
  /** Flushes that dropped something. */
  readonly flushes: number;
  readonly flushedEntries: number;
  /** Changes from bypass back to serving. */
  readonly recoveries: number;
}

export class Incidents {
  readonly #servers: { state: NearState | undefined; since: number }[];
  #bypassMs = 0;
  #flushes = 0;
  #flushedEntries = 0;
  #recoveries = 0;

  constructor(servers: number) {
    this.#servers = Array.from({ length: servers }, () => ({ state: undefined, since: 0 }));
  }

  get recoveries(): number {
    return this.#recoveries;
  }

  /** By application server; `undefined` for a plain client. */
  get states(): (NearState | undefined)[] {
    return this.#servers.map(({ state }) => state);
  }

  changed(server: number, { from, to, at }: StateChange): void {
    const known = this.#servers[server];
    if (known === undefined) return;
    if (from === 'bypass') this.#bypassMs += at - known.since;
    if (from === 'bypass' && to === 'serving') this.#recoveries++;
    known.state = to;
    known.since = at;
  }

  flushed({ entries }: Flush): void {
    if (entries === 0) return;
    this.#flushes++;
    this.#flushedEntries += entries;
  }

  /** A new act begins, with every application server serving. */
  begin(): void {
    this.#bypassMs = 0;
    this.#flushes = 0;
    this.#flushedEntries = 0;
    this.#recoveries = 0;
  }

  figures(): IncidentFigures {
    return {
      bypassMs: this.#bypassMs / this.#servers.length,
      flushes: this.#flushes,
      flushedEntries: this.#flushedEntries,
      recoveries: this.#recoveries,
    };
  }
}
