// `npm run soak -- --minutes N --seed S --bed single|replicas|cluster|sentinel`: readers and writers under faults, with a
// report of what was seen. Exits with 1 when a promise was broken.

import { parseArgs } from 'node:util';
import { isBroken, tell } from './report.js';
import { soak } from './soak.js';
import { BED_NAMES } from './soak-bed.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    bed: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const chosen = BED_NAMES.filter((name) => values.bed === undefined || values.bed === name);

if (values.help || chosen.length === 0 || !(minutes > 0) || !Number.isSafeInteger(seed)) {
  process.stdout.write(
    [
      'npm run soak -- --minutes N --seed S --bed single|replicas|cluster|sentinel --only TEXT',
      '  --minutes  of each bed (default: 1); faults that take 30 s to recover from strike from 2 minutes on',
      '  --seed     decides which faults strike, in which order and for how long (default: by the time)',
      '  --bed      one bed (default: all, one after the other)',
      '  --only     only faults whose name contains this text, or one of several after commas',
      '',
    ].join('\n'),
  );
  process.exit(values.help ? 0 : 2);
}

let broken = false;
for (const bed of chosen) {
  process.stdout.write(`${bed}: ${minutes} min, seed ${seed}\n`);
  const progress = (text: string): boolean => process.stderr.write(`  ${text}\n`);
  const report = await soak({
    bed,
    minutes,
    seed,
    progress,
    ...(values.only === undefined ? {} : { only: values.only }),
  });
  process.stdout.write(`${tell(report)}\n`);
  broken ||= isBroken(report);
}
process.exit(broken ? 1 : 0);
