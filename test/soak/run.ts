// `npm run soak -- --minutes N --seed S --bed single|replicas|cluster|sentinel`: readers and writers under faults, with a
// report of what was seen. Exits with 1 when a promise was broken.

import { parseArgs } from 'node:util';
import { seeded } from '../model/seeded.js';
import { tell } from './report.js';
import { soak } from './soak.js';
import type { BedName } from './soak-bed.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    bed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const NAMES: readonly BedName[] = ['single', 'replicas', 'cluster', 'sentinel'];
const minutes = Number(values.minutes);
const chosen = NAMES.filter((name) => values.bed === undefined || values.bed === name);

if (values.help || chosen.length === 0 || !(minutes > 0)) {
  process.stdout.write(
    'npm run soak -- --minutes N --seed S --bed single|replicas|cluster|sentinel (default: all)\n',
  );
  process.exit(values.help ? 0 : 2);
}

let broken = false;
for (const bed of chosen) {
  process.stdout.write(`${bed}: ${minutes} min, seed ${values.seed}\n`);
  const random = seeded(Number(values.seed));
  const progress = (text: string): boolean => process.stderr.write(`  ${text}\n`);
  const report = await soak({ bed, minutes, random, progress });
  process.stdout.write(`${tell(report)}\n`);
  broken ||= report.violations.length > 0 || report.stuck > 0;
}
process.exit(broken ? 1 : 0);
