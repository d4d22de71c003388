// What tests of sentinel clients need: a bed per file, wrapped sentinels of v5 and v6 on it, and their methods by name.

import type { NearCacheOptions } from 'redis-near-cache';
import { afterAll } from 'vitest';
import { SentinelBed } from '../../support/beds/sentinel-bed.js';
import { type Client, call, type Near } from '../../support/client.js';
import { wrap } from '../../support/majors.js';
import { sentinel } from '../../support/topologies.js';

export const MAJORS = [5, 6] as const;

export type SentinelMajor = (typeof MAJORS)[number];

/** What a sentinel lends: a connection to the primary. */
export interface Lent extends Client {
  watch(key: string): Promise<unknown>;
  unwatch(): Promise<unknown>;
  release(): unknown;
}

/** As `createSentinel()` makes them. */
export interface Sentinel extends Client {
  acquire(): Promise<Lent>;
  use<T>(work: (client: Lent) => Promise<T>): Promise<T>;
  getMasterNode(): { host: string; port: number } | undefined;
  withTypeMapping(mapping: object): Sentinel;
  withCommandOptions(options: object): Sentinel;
  close(): Promise<void>;
  destroy(): Promise<void>;
}

export async function useSentinelBed(): Promise<SentinelBed> {
  const bed = await SentinelBed.start();
  afterAll(() => bed.stop());
  return bed;
}

export function bare(major: SentinelMajor, bed: SentinelBed, options: object = {}): Sentinel {
  return sentinel(major, bed, options) as Sentinel;
}

/** A wrapped sentinel that serves, and what ends it. */
export async function makeRig(
  major: SentinelMajor,
  bed: SentinelBed,
  near: Partial<NearCacheOptions> = {},
  client: object = {},
) {
  const raw = bare(major, bed, client);
  const redis: Near<Sentinel> = wrap(raw, { prefixes: ['k:'], ...near });
  await redis.connect();
  await redis.near.ready();
  return {
    raw,
    redis,
    prefix: (name = 'k:') => {
      const stats = redis.near.stats().prefixes[name];
      if (stats === undefined) throw new Error(`No prefix ${name}.`);
      return stats;
    },
    async [Symbol.asyncDispose]() {
      redis.near.close();
      if (raw.isOpen) await raw.destroy();
    },
  };
}

/** All pages of the keys that match. */
export async function scanned(client: object, options: object): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of call(client, 'scanIterator', [options]) as AsyncIterable<string[]>)
    keys.push(...page);
  return keys;
}
