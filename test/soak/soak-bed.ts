// What a soak runs on: servers, clients that read through the near cache, and the faults that can be made there.

import type { NearCacheOptions } from 'redis-near-cache';
import type { Client } from '../support/client.js';

export type BedName = 'single' | 'replicas' | 'cluster' | 'sentinel';

/** Makes a fault, lets it last, and takes it back. */
export interface Fault {
  readonly name: string;
  /** Redis may lose acknowledged writes by it. */
  readonly losesWrites?: boolean;
  strike(random: () => number): Promise<void>;
}

export interface SoakBed {
  /** Clients to be wrapped, one for each process that reads; not connected. */
  readonly readers: readonly { readonly client: Client; readonly options: Partial<NearCacheOptions> }[];
  /** A bare client that no fault of the network concerns; not connected. */
  bare(): Client;
  readonly faults: readonly Fault[];
  /** Resolves when every server is as at the start. */
  healed(): Promise<void>;
  stop(): Promise<void>;
}

/** How long a fault lasts. Unit: ms. */
export function lasting(random: () => number, from: number, to: number): Promise<void> {
  const ms = from + random() * (to - from);
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The event loop of this process stands still. */
export const BLOCKED: Fault = {
  name: 'event loop blocked',
  strike: async (random) => {
    const end = performance.now() + 100 + random() * 1_400;
    while (performance.now() < end);
  },
};
