// `npm run test:model`: goes through at least a million orders of events, each another one, and says what it found.
// ORDERS and SEED may be set.

import fc from 'fast-check';
import { anyScenario } from './any-scenario.js';
import { SCENARIOS } from './scenarios.js';
import { exhaust, type Searched, sample } from './search.js';
import { seeded } from './seeded.js';

const ORDERS = Number(process.env.ORDERS ?? 1_000_000);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const started = performance.now();
const random = seeded(SEED);
let distinct = 0;
let failed = false;

process.stdout.write(`seed ${SEED}, ${ORDERS} orders\n`);
// Half of them through the scenarios, in order as far as that goes.
const share = Math.ceil(ORDERS / 2 / SCENARIOS.length);
for (const scenario of SCENARIOS) {
  const searched = exhaust(scenario, share);
  distinct += searched.orders;
  tell(scenario.name, searched, searched.exhaustive ? 'all there are' : 'the first ones');
}
// The rest through scenarios made up at random, until there are enough.
while (distinct < ORDERS && !failed) {
  let orders = 0;
  const scenarios = fc.sample(anyScenario, { numRuns: 500, seed: Math.floor(random() * 2 ** 31) });
  for (const scenario of scenarios) {
    const seen = new Set<string>();
    const searched = sample(scenario, 50, random, seen);
    orders += seen.size;
    if (searched.found !== undefined) tell(JSON.stringify(scenario), searched, 'at random');
    if (failed) break;
  }
  distinct += orders;
  tell('made up at random', { orders, exhaustive: false, found: undefined }, `${distinct} so far`);
}
const seconds = Math.round((performance.now() - started) / 1_000);
process.stdout.write(
  `${distinct} distinct orders in ${seconds} s: ${failed ? 'VIOLATED' : 'no violation'}\n`,
);
process.exit(failed ? 1 : 0);

function tell(name: string, { found, orders }: Searched, how: string): void {
  process.stdout.write(`${name}: ${orders} orders, ${how}\n`);
  if (found === undefined) return;
  failed = true;
  process.stdout.write(`  ${found.violation}\n  ${found.trace.join('\n  ')}\n`);
}
