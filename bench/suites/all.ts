import type { Suite } from '../suite.js';
import { entries, memory, prefixes, start } from './footprint.js';
import * as hits from './hits.js';
import * as invalidations from './invalidations.js';
import { miss, write, writeAlone } from './misses-and-writes.js';

const { get, peek, hGetAll, mGet, json } = hits;
const { invalidation, latency, storms } = invalidations;

/** In the order in which they are run and shown. */
export const SUITES: Readonly<Record<string, Suite>> = {
  ...{ get, peek, hGetAll, mGet, json, miss, write, writeAlone },
  ...{ invalidation, latency, storms, ...memory, start, prefixes, entries },
};
