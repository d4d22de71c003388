// What is put to the test: a client that answers reads, and how to know that it was told of a change.

import type { NearCacheOptions } from 'redis-near-cache';
import type { Client, Near } from '../support/client.js';
import { discard, type Kind, wrap } from '../support/majors.js';

export const MARKER = 'k:marker';
/** Short enough to be exceeded now and then, long enough to serve on a busy machine. Unit: ms. */
export const MAX_STALENESS = 2_000;

export interface Subject {
  readonly client: Client;
  /** Calls back whenever the marker was announced; with nothing to announce, right away. */
  onMarker(listener: () => void): void;
  /** Forgets everything: a sequence has to fail by itself, not by what was before it. */
  reset(): void;
  /** How many reads were answered from memory so far. */
  hits(): number;
  close(): Promise<void>;
}

/** Makes the client under test. Invalidations are to be fetched from `trackingUrl`. */
export type MakeSubject = (kind: Kind, url: string, trackingUrl: string) => Promise<Subject>;

export const wrapped: MakeSubject = async (kind, url, trackingUrl) => {
  const raw = kind.create(url);
  const redis = await tracked(raw, trackingUrl);
  return {
    client: redis,
    onMarker: (listener) => onMarker(redis, listener),
    reset: () => redis.near.clear(),
    hits: () => redis.near.stats().prefixes['k:']?.hits ?? 0,
    async close() {
      redis.near.close();
      await discard(raw);
    },
  };
};

/** The client itself: what it answers is true by definition, so the oracle has to agree. */
export const bare: MakeSubject = async (kind, url) => {
  const client = kind.create(url);
  await client.connect();
  return {
    client,
    onMarker: (listener) => void setInterval(listener, 1).unref(),
    reset: () => {},
    hits: () => 0,
    close: () => discard(client),
  };
};

export async function tracked<C extends Client>(
  raw: C,
  url: string,
  options: Partial<NearCacheOptions> = {},
): Promise<Near<C>> {
  const redis = wrap(raw, {
    prefixes: ['k:'],
    maxStaleness: MAX_STALENESS,
    ...options,
    tracking: { url, reconnectStrategy: 10 },
  });
  await redis.connect();
  await redis.near.ready();
  return redis;
}

export function onMarker(redis: Near, listener: () => void): void {
  redis.near.on('invalidate', ({ keys }) => {
    if (keys?.includes(MARKER) === true) listener();
  });
}
