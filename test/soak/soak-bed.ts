// What a soak runs on: servers, clients that read through the near cache, and the faults that can be made there.

import type { NearCacheOptions } from 'redis-near-cache';
import type { Client } from '../support/client.js';
import type { RedisServer } from '../support/redis-server.js';
import type { History } from './history.js';

export type BedName = 'single' | 'replicas' | 'cluster' | 'sentinel';

export const BED_NAMES: readonly BedName[] = ['single', 'replicas', 'cluster', 'sentinel'];

/** Makes a fault, lets it last, and takes it back. What Redis loses by it is told to the history. */
export interface Fault {
  readonly name: string;
  /** It ends connections and nothing else: recovery is a matter of connecting anew. */
  readonly isCut?: boolean;
  /** What it destroys is announced: whoever does not listen shows it when what is held is older than allowed. */
  readonly isLoss?: boolean;
  /** Recovery takes half a minute, after which a server that refused is asked again: not for short runs. */
  readonly isSlow?: boolean;
  strike(random: () => number, history: History): Promise<void>;
}

/** A process that reads: its client, not connected, and the settings of its near cache. */
export interface ReaderOf {
  readonly name: string;
  readonly client: Client;
  readonly options: Partial<NearCacheOptions>;
}

export interface SoakBed {
  readonly readers: readonly ReaderOf[];
  /** A bare client that no fault of the network concerns; not connected. */
  bare(): Client;
  readonly faults: readonly Fault[];
  /** Those that have data. */
  readonly servers: readonly RedisServer[];
  /** Keys that together are on every primary. */
  readonly everywhere: readonly string[];
  /** Where this key can be written to now. */
  portOf(key: string): Promise<number>;
  /** Resolves when every server is as at the start. */
  healed(): Promise<void>;
  stop(): Promise<void>;
}

/** How long a fault lasts. Unit: ms. */
export function lasting(random: () => number, from: number, to: number): Promise<void> {
  return pause(from + random() * (to - from));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One of several. @throws Error if there is none */
export function some<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('There is none to choose from.');
  return item;
}
