// All benchmarks: `npm run bench`. Contestants take turns, each in a process of its own; medians, quartiles and ratios.
//
// npm run bench -- [--suite get,peek] [--only near,lru] [--rounds 5] [--json] [--out docs/performance.json]

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildPackage, compile, run } from './arena.js';
import { machine, type Report, type SuiteReport, summarise, tableOf } from './report.js';
import { SUITES } from './suites/all.js';

const { values: given } = parseArgs({
  options: {
    suite: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

const wanted = given.suite?.split(',') ?? Object.keys(SUITES);
const unknown = wanted.filter((name) => SUITES[name] === undefined);
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}. There are: ${Object.keys(SUITES).join(', ')}.`);
  process.exit(2);
}

say('Building ...');
buildPackage();
await compile();
const suites: Record<string, SuiteReport> = {};
const report: Report = { machine: machine(), suites };
if (!given.json)
  console.log(
    Object.entries(report.machine)
      .map((row) => row.join(': '))
      .join('\n'),
    '\n',
  );
for (const name of wanted) {
  const suite = SUITES[name];
  if (suite === undefined) continue;
  const rounds = await run(name, suite, {
    rounds: given.rounds === undefined ? undefined : Number(given.rounds),
    contestants: given.only?.split(','),
    progress: (done, of) => say(`${suite.title}: ${done} of ${of} rounds`),
  });
  say('');
  const summary = summarise(suite, rounds);
  suites[name] = summary;
  if (!given.json) console.log(tableOf(summary));
}
if (given.json) console.log(JSON.stringify(report, undefined, 2));
if (given.out !== undefined) writeFileSync(given.out, `${JSON.stringify(report, undefined, 2)}\n`);

/** One line that the next one takes the place of; nothing where nobody looks. */
function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
}
