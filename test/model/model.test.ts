// The promises (a) to (d) after every step of every order of events in the scenarios, and a counterexample for each guard that
// is taken out.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { anyScenario } from './any-scenario.js';
import { loadModel, type Model } from './bundle.js';
import { GUARDS } from './guards.js';
import { SCENARIOS } from './scenarios.js';
import type { Found } from './search.js';
import { seeded } from './seeded.js';

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

let model: Model;
beforeAll(async () => {
  process.stdout.write(`model: SEED=${SEED}\n`);
  model = await loadModel();
});

describe('in every order of events, after every step, the promises hold', () => {
  test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    (_, scenario) => {
      const { found, isComplete, orders } = model.exhaust(scenario);
      expect(found && toldBy(found)).toBeUndefined();
      expect(isComplete).toBe(true);
      expect(orders).toBeGreaterThan(50);
    },
    60_000,
  );
});

test('so they do in larger scenarios and orders made up at random', () => {
  const holds = fc.property(anyScenario, fc.integer(), (scenario, seed) => {
    const found = model.sample(scenario, 5, seeded(seed));
    if (found !== undefined) throw new Error(toldBy(found));
  });
  fc.assert(holds, { numRuns: 2_000, seed: SEED });
});

describe('without a guard the search finds an order that breaks a promise', () => {
  test.each(GUARDS.map((guard) => [`${guard.rule}: ${guard.what}`, guard] as const))(
    '%s',
    async (name, guard) => {
      const { searchAll } = await loadModel(guard);
      const found = searchAll(guard.scenario, seeded(SEED));
      expect(found, name).toMatchObject({ violation: expect.stringMatching(/^\([abcdw]\) /) });
    },
    60_000,
  );
});

test('states that are taken for the same are the same: as many orders are found one by one', () => {
  let compared = 0;
  for (const scenario of SCENARIOS) {
    const { orders } = model.exhaust(scenario, 1_000);
    if (orders === 0 || orders > 6_000) continue;
    expect(model.enumerate(scenario), scenario.name).toBe(orders);
    compared++;
  }
  expect(compared).toBeGreaterThan(5);
}, 60_000);

test('docs/model.md says how many guards of each rule are taken out', () => {
  const page = readFileSync(new URL('../../docs/model.md', import.meta.url), 'utf8');
  const told = [...page.matchAll(/^\| (C\d+|\(d\)) \| (\d+) \|/gm)].map(([, rule, count]) => [
    rule,
    Number(count),
  ]);
  const counts = new Map<string, number>();
  for (const { rule } of GUARDS) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  expect(new Map(told as [string, number][])).toEqual(counts);
  expect(page).toContain(`takes ${GUARDS.length} guards out`);
});

function toldBy({ trace, violation }: Found): string {
  return `${violation}\n${trace.join('\n')}`;
}
