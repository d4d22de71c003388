// `npm run test:model`: goes through every order of every scenario, the long ones too, then through made-up scenarios at
// random until a million different orders were executed, then takes one guard after the other out. Says what it found.
// `-- --orders 2000000`, or ORDERS; SEED.

import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { anyScenario } from './any-scenario.js';
import { loadModel } from './bundle.js';
import { GUARDS } from './guards.js';
import { LONG_SCENARIOS, SCENARIOS } from './scenarios.js';
import type { Found } from './search.js';
import { seeded } from './seeded.js';

const { values } = parseArgs({ options: { orders: { type: 'string' }, seed: { type: 'string' } } });
const ORDERS = positive('orders', values.orders ?? process.env.ORDERS ?? '1000000');
const SEED = positive('seed', values.seed ?? process.env.SEED ?? `${(Date.now() % 1_000_000) + 1}`);
/** Orders of each scenario that is made up. */
const ORDERS_EACH = 50;
const started = performance.now();
const { exhaust, sample } = await loadModel();
let failures = 0;

say(`seed ${SEED}`);
let states = 0;
let steps = 0;
let covered = 0;
for (const scenario of [...SCENARIOS, ...LONG_SCENARIOS]) {
  const searched = exhaust(scenario);
  states += searched.states;
  steps += searched.steps;
  covered += searched.orders;
  say(`all ${about(searched.orders)} orders, ${searched.states} states: ${scenario.name}`);
  if (searched.found !== undefined) fail(searched.found);
}
say(`${states} states, ${steps} steps out of them, ${about(covered)} orders: all there are (${seconds()})`);

const random = seeded(SEED);
const seen = new Set<number>();
for (let line = 0; seen.size < ORDERS && failures === 0; ) {
  const seed = Math.floor(random() * 2 ** 31);
  for (const scenario of fc.sample(anyScenario, { numRuns: 500, seed })) {
    const found = sample(scenario, Math.min(ORDERS_EACH, ORDERS - seen.size), random, seen);
    if (found === undefined) continue;
    say(JSON.stringify(scenario));
    fail(found);
    break;
  }
  if (seen.size < line) continue;
  say(`${seen.size} different orders at random (${seconds()})`);
  line = seen.size + 100_000;
}

for (const guard of GUARDS) {
  const { searchAll } = await loadModel(guard);
  const found = searchAll(guard.scenario, seeded(SEED));
  say(`without ${guard.rule} ${guard.what}: ${found?.violation ?? 'NOTHING FOUND'}`);
  if (found === undefined) failures++;
}
say(
  `${seen.size} different orders executed at random, ${about(covered)} covered by states, ${GUARDS.length} guards, in ` +
    `${seconds()}: ${failures === 0 ? 'no violation, each guard is missed' : 'FAILED'}`,
);
process.exit(failures === 0 ? 0 : 1);

function fail({ trace, violation }: Found): void {
  failures++;
  say(`  ${violation}\n  ${trace.join('\n  ')}`);
}

function about(count: number): string {
  return count < 1e6 ? `${count}` : count.toExponential(1);
}

function seconds(): string {
  return `${Math.round((performance.now() - started) / 1_000)} s`;
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${name} is no number: ${text}`);
  return number;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
