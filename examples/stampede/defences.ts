// The defences that are switched on in turn, and what each of them is.

import type { LoaderOptions } from 'redis-near-cache';
import type { Product } from './database.js';

/** How long the hot key lives. Unit: ms. */
export const TTL = 2_000;

export interface Defence {
  readonly name: string;
  /** Options of the loader; `undefined`: no loader, everybody asks Redis, then the database. */
  readonly options: Partial<LoaderOptions<Product>> | undefined;
  /** More queries per expiry than this are a stampede, where there should be none. */
  readonly bound?: number;
}

export const DEFENCES: readonly Defence[] = [
  { name: 'none: GET, and on a miss the database, then SET', options: undefined },
  { name: 'near cache, one load per process', options: { lock: false } },
  { name: '+ fill lock: one load for all', options: {}, bound: 1.5 },
  { name: '+ stale-while-revalidate', options: { staleWhileRevalidate: 2_000 }, bound: 1.5 },
  // The slower the database, the earlier: where a query takes 100 ms it is a load every 1.4 s.
  { name: '+ early refresh, beta 1', options: { earlyRefresh: { beta: 1 } }, bound: 2.5 },
];
