// The four beds of a soak.

import type { BedName, SoakBed } from '../soak-bed.js';
import { clusterBed } from './cluster.js';
import { replicasBed } from './replicas.js';
import { sentinelBed } from './sentinel.js';
import { singleBed } from './single.js';

export const BEDS: Readonly<Record<BedName, () => Promise<SoakBed>>> = {
  single: singleBed,
  replicas: replicasBed,
  cluster: clusterBed,
  sentinel: sentinelBed,
};
