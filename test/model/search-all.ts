// What the bundle offers: the search, in one scenario or through all of them until a promise is broken.

import { SCENARIOS } from './scenarios.js';
import { exhaust, type Found, sample } from './search.js';

export { enumerate, exhaust, sample } from './search.js';

/** The bounds of a search for a counterexample. */
const ORDERS_AT_RANDOM = 2_000;
const STATES = 10_000;

/** Begins with the scenario of this name. */
export function searchAll(
  first: string,
  random: () => number,
): (Found & { readonly scenario: string }) | undefined {
  const begin = SCENARIOS.filter(({ name }) => name === first);
  if (begin.length === 0) throw new Error(`No scenario ${first}.`);
  for (const scenario of [...begin, ...SCENARIOS.filter(({ name }) => name !== first)]) {
    const found = sample(scenario, ORDERS_AT_RANDOM, random) ?? exhaust(scenario, STATES).found;
    if (found !== undefined) return { ...found, scenario: scenario.name };
  }
  return undefined;
}
