// Fails if a ratio breaks its budget: `npm run bench:check`. Only ratios of one run, never absolute times; the bounds of
// budgets.json leave room for a busy machine, `goal` says what a quiet one shows. A suite that breaks one gets two more
// chances, because a busy machine only ever makes it worse.
//
// npm run bench:check [-- --built]     `--built`: dist/ is up to date

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { buildPackage, compile, type Rounds, run } from './arena.js';
import { median, shown } from './report.js';
import { SUITES } from './suites/all.js';

interface Budget {
  readonly suite: string;
  readonly contestant: string;
  readonly metric: string;
  /** Whose figure it is divided by; that of the suite's base if nothing is said. */
  readonly over?: string;
  /** The figure is a ratio by itself. */
  readonly alone?: boolean;
  readonly goal?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

const ROUNDS = 5;
const CHANCES = 3;

const { values: given } = parseArgs({ options: { built: { type: 'boolean', default: false } } });
const budgets = JSON.parse(
  readFileSync(new URL('./budgets.json', import.meta.url), 'utf8'),
) as readonly Budget[];
if (!given.built) buildPackage();
await compile();

const table = new Table({
  head: ['suite', 'of', 'over', 'ratio', 'goal', 'bound', ''],
  style: { head: [], border: [] },
});
let broken = 0;
for (const name of new Set(budgets.map(({ suite }) => suite))) {
  process.stdout.write(`${name} ...\n`);
  const ofSuite = budgets.filter(({ suite }) => suite === name);
  for (const { budget, isKept, ratio } of await judged(name, ofSuite)) {
    if (!isKept) broken++;
    table.push([
      name,
      `${budget.contestant}${budget.metric === 'time' ? '' : `, ${budget.metric}`}`,
      budget.alone === true ? '' : (budget.over ?? SUITES[name]?.base ?? ''),
      `${shown(ratio)}x`,
      budget.goal === undefined ? '' : `${budget.goal}x`,
      [budget.atLeast && `>= ${budget.atLeast}`, budget.atMost && `<= ${budget.atMost}`]
        .filter(Boolean)
        .join(', '),
      isKept ? 'kept' : 'BROKEN',
    ]);
  }
}
process.stdout.write(`${table.toString()}\n`);
process.stdout.write(broken === 0 ? 'Every budget is kept.\n' : `${broken} budgets are broken.\n`);
process.exit(broken === 0 ? 0 : 1);

interface Verdict {
  readonly budget: Budget;
  readonly ratio: number;
  readonly isKept: boolean;
}

async function judged(name: string, ofSuite: readonly Budget[]): Promise<Verdict[]> {
  const suite = SUITES[name];
  if (suite === undefined) throw new Error(`There is no suite ${name}.`);
  // What takes a process for each round is a matter of bytes, not of luck.
  const rounds = suite.fresh === true ? 1 : Math.min(suite.rounds, ROUNDS);
  const names = [suite.base, ...ofSuite.flatMap(({ contestant, over }) => [contestant, over ?? contestant])];
  const contestants = Object.fromEntries(
    Object.entries(suite.contestants).filter(([contestant]) => names.includes(contestant)),
  );
  let verdicts: Verdict[] = [];
  for (let chance = 0; chance < CHANCES; chance++) {
    const figures = await run(name, { ...suite, contestants }, { rounds });
    verdicts = ofSuite.map((budget) => {
      const ratio = ratioOf(budget, figures, suite.base);
      const isKept = ratio <= (budget.atMost ?? Number.POSITIVE_INFINITY) && ratio >= (budget.atLeast ?? 0);
      return { budget, ratio, isKept };
    });
    if (verdicts.every(({ isKept }) => isKept)) break;
  }
  return verdicts;
}

function ratioOf({ alone, contestant, metric, over }: Budget, rounds: Rounds, base: string): number {
  const figures = (of: string): number[] => (rounds[of] ?? []).map((each) => each[metric] ?? Number.NaN);
  const own = figures(contestant);
  if (alone === true) return median(own);
  const others = figures(over ?? base);
  return median(own.map((value, round) => value / (others[round] ?? Number.NaN)));
}
