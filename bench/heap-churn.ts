// Whether the heap stays on its plateau: everything a near cache goes through in an hour, at full speed
// (test/integration/lifecycle/churn.ts says what that is). Exits with 1 if the heap of the last sixth is more than 5 % above
// that of the plateau, which is that of the second sixth.
//
// npm run bench:heap -- [--minutes 60] [--scale 1] [--kind v6] [--seed 1]

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { churn, median } from '../test/integration/lifecycle/churn.js';
import { seeded } from '../test/model/seeded.js';
import { kindOf } from '../test/support/majors.js';

/** Unit: %. */
const GOAL = 5;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    scale: { type: 'string', default: '1' },
    kind: { type: 'string', default: 'v6' },
    seed: { type: 'string', default: `${(Date.now() % 1_000_000) + 1}` },
  },
});
const minutes = Number(values.minutes);
const scale = Number(values.scale);
if (!(minutes >= 6) || !(scale > 0)) throw new Error('At least 6 minutes, and a scale above 0.');

const started = performance.now();
const heap: number[] = [];
say(`${values.kind}, Node.js ${process.version}, ${cpus()[0]?.model}, seed ${values.seed}`);
const life = churn({ kind: kindOf(values.kind), minutes, scale, random: seeded(Number(values.seed)) });
for await (const minute of life) {
  heap.push(minute.heap);
  const { hits, invalidations, reads, sessions } = minute;
  say(
    `minute ${heap.length} of ${minutes}: heap ${megabytes(minute.heap)}, ${reads} reads (${((100 * hits) / reads).toFixed(0)} % from ` +
      `memory), ${invalidations} invalidations, ${sessions} sessions, ${((performance.now() - started) / 1_000).toFixed(0)} s`,
  );
}
const sixth = Math.floor(minutes / 6);
const plateau = median(heap.slice(sixth, 2 * sixth));
const end = median(heap.slice(-sixth));
const grown = (100 * (end - plateau)) / plateau;
say(
  `plateau ${megabytes(plateau)}, end ${megabytes(end)}: ${grown >= 0 ? '+' : ''}${grown.toFixed(2)} %, at most +${GOAL} %`,
);
process.exit(grown <= GOAL ? 0 : 1);

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
