// A short soak on every bed. `npm run soak` goes on for as long as one likes.

import { expect, test } from 'vitest';
import { seeded } from '../model/seeded.js';
import { tell } from './report.js';
import { MAX_STALENESS, soak } from './soak.js';
import type { BedName } from './soak-bed.js';

const SECONDS = 40;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

test.each<BedName>(['single', 'replicas', 'cluster', 'sentinel'])(
  'under faults no promise is broken: %s',
  async (bed) => {
    process.stdout.write(`soak of ${bed}: SEED=${seed}\n`);
    const report = await soak({ bed, minutes: SECONDS / 60, random: seeded(seed), progress: () => {} });
    process.stdout.write(`${tell(report)}\n`);
    expect(report.violations).toEqual([]);
    expect(report.stuck).toBe(0);
    expect(report.compared).toBeGreaterThan(50);
    expect(report.reads).toBeGreaterThan(1_000);
    expect(report.worst).toBeLessThan(MAX_STALENESS + 100);
    expect(report.faults.size).toBeGreaterThan(3);
  },
  240_000,
);
