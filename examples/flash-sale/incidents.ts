// What happened to the near caches of the application servers in an act: states, flushes, recoveries.

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
  /** By application server, when its state changed last. */
  readonly #changedAt: number[];
  #bypassMs = 0;
  #flushes = 0;
  #flushedEntries = 0;
  #recoveries = 0;

  constructor(servers: number) {
    this.#changedAt = new Array(servers).fill(0);
  }

  get recoveries(): number {
    return this.#recoveries;
  }

  changed(server: number, { from, to, at }: StateChange): void {
    if (from === 'bypass') this.#bypassMs += at - (this.#changedAt[server] ?? at);
    if (from === 'bypass' && to === 'serving') this.#recoveries++;
    this.#changedAt[server] = at;
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
      bypassMs: this.#bypassMs / this.#changedAt.length,
      flushes: this.#flushes,
      flushedEntries: this.#flushedEntries,
      recoveries: this.#recoveries,
    };
  }
}
