// All scenarios one after the other, until one breaks a promise.

import { SCENARIOS } from './scenarios.js';
import { exhaust, type Found, sample } from './search.js';

/** Goes through so many orders of each: the first ones there are, and as many at random. */
export function searchAll(
  limit: number,
  random: () => number,
): (Found & { readonly scenario: string }) | undefined {
  for (const scenario of SCENARIOS) {
    const found = exhaust(scenario, limit).found ?? sample(scenario, limit, random, new Set()).found;
    if (found !== undefined) return { ...found, scenario: scenario.name };
  }
  return undefined;
}
