import type { Suite } from '../suite.js';
import * as hits from './hits.js';
import { miss, write, writeAlone } from './misses-and-writes.js';

/** In the order in which they are run and shown. */
export const SUITES: Readonly<Record<string, Suite>> = { ...hits, miss, write, writeAlone };
