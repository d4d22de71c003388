// `npm run test:deep`: many random sequences against the oracle. From the environment: SEQUENCES (per kind, 10 000),
// MAJOR (kinds by name, with commas between them; all), SEED (random), SHRUNK (of a failure seen before: plays that
// sequence alone, until it fails again), NEAR (`broken: <name>` puts one of the wrong caches to the test).

import { BROKEN } from '../differential/broken.js';
import { differential, report } from '../differential/differential.js';
import { wrapped } from '../differential/subject.js';
import { KINDS, kindOf } from '../support/majors.js';

const { SEQUENCES = '10000', MAJOR, SHRUNK, NEAR = '' } = process.env;
const sequences = Number(SEQUENCES);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isInteger(sequences) || sequences < 1) throw new Error(`SEQUENCES is no number: ${SEQUENCES}`);
if (!Number.isInteger(seed)) throw new Error(`SEED is no number: ${process.env.SEED}`);
const kinds = MAJOR === undefined ? KINDS : MAJOR.split(',').map((name) => kindOf(name.trim()));
const subject = NEAR === '' ? wrapped : BROKEN[NEAR.replace(/^broken: */, '')];
if (subject === undefined) {
  throw new Error(
    `No cache ${NEAR}: one of ${Object.keys(BROKEN)
      .map((name) => `"broken: ${name}"`)
      .join(', ')}.`,
  );
}

/** How many sequences lie between two lines. */
const STEP = 500;

let failures = 0;
for (const kind of kinds) {
  const begin = performance.now();
  const seconds = (): string => `${((performance.now() - begin) / 1_000).toFixed(0)} s`;
  say(`${kind.name}: ${SHRUNK === undefined ? `${sequences} sequences` : 'one sequence'}, SEED=${seed}`);
  const { tally, failure } = await differential({
    kind,
    sequences,
    seed,
    path: SHRUNK,
    subject,
    progress({ sequences: played, reads, hits, writes }) {
      if (played % STEP !== 0) return;
      const share = ((100 * hits) / reads).toFixed(0);
      say(
        `  ${played} of ${sequences}: ${reads} reads (${share} % from memory), ${writes} writes, ${seconds()}`,
      );
    },
  });
  if (failure === undefined) {
    say(
      `${kind.name}: every reply was true (${tally.sequences} sequences, ${tally.reads} reads, ${seconds()})`,
    );
    continue;
  }
  failures++;
  say(report(failure).replace('Again: ', NEAR === '' ? 'Again: ' : `Again: NEAR='${NEAR}' `));
}
process.exit(failures === 0 ? 0 : 1);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
