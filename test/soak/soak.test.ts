// A short soak on every bed. `npm run soak` goes on for as long as one likes.

import { expect, test } from 'vitest';
import { percentile, tell } from './report.js';
import { MAX_STALENESS, soak } from './soak.js';
import { BED_NAMES } from './soak-bed.js';

const SECONDS = 40;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

test.each(BED_NAMES)(
  'under faults no promise is broken: %s',
  async (bed) => {
    process.stdout.write(`soak of ${bed}: SEED=${seed}\n`);
    const report = await soak({ bed, minutes: SECONDS / 60, seed, progress: () => {} });
    process.stdout.write(`${tell(report)}\n`);
    expect(report.violations).toEqual([]);
    expect(report.stuck).toBe(0);
    expect(report.hung).toBe(0);
    expect(report.held).toBeGreaterThan(50);
    expect(report.reads).toBeGreaterThan(1_000);
    expect(report.hitRatio).toBeGreaterThan(0.1);
    expect(report.worst).toBeLessThan(MAX_STALENESS + 100);
    expect(report.faults.size).toBeGreaterThan(5);
    expect(percentile(report.cuts.counted, 0.99)).toBeLessThan(1_000);
  },
  240_000,
);
