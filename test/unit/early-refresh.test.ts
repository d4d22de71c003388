// Early refresh against the arithmetic of its paper, played with a clock and a chance of its own: Vattani, Chierichetti,
// Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015.

import { describe, expect, test } from 'vitest';
import { refreshesEarly, span } from '../../src/load/early-refresh.js';
import { seeded } from '../model/seeded.js';

/** One value, read at random moments `rate` times per ms, that takes `loadTime` to load. */
interface Traffic {
  readonly rate: number;
  readonly loadTime: number;
  readonly beta: number;
  readonly ttl: number;
}

/**
 * Plays so many lives of the value. A read that decides to refresh begins a load that ends `loadTime` later; until then
 * others may decide so too, unless there is one lock for all.
 */
function play({ rate, loadTime, beta, ttl }: Traffic, lives: number, lock: boolean, random: () => number) {
  let refreshes = 0;
  let waited = 0;
  let gaps = 0;
  let early = 0;
  for (let life = 0; life < lives; life++) {
    let time = 0;
    let firstAt = Number.POSITIVE_INFINITY;
    for (;;) {
      time -= Math.log(1 - random()) / rate;
      const replacedAt = firstAt + loadTime;
      if (time >= Math.min(replacedAt, ttl)) break;
      if (lock && firstAt < time) continue;
      if (!refreshesEarly(ttl - time, loadTime, beta, random)) continue;
      refreshes++;
      firstAt = Math.min(firstAt, time);
    }
    if (firstAt + loadTime > ttl) waited++;
    if (firstAt < ttl) {
      early++;
      gaps += ttl - firstAt;
    }
  }
  return { perLife: refreshes / lives, waited: waited / lives, gap: gaps / early };
}

const SEED = Number(process.env.SEED ?? 7);
const LIVES = 4_000;
const EULER = 0.5772;

describe(`with a clock and chance of its own (SEED=${SEED})`, () => {
  const traffic: Traffic = { rate: 2, loadTime: 50, beta: 1, ttl: 2_000 };

  test('the first refresh comes as early as the formula says', () => {
    // The refreshes that reads decide on are a Poisson process of the rate r(g) = rate * exp(-g / (beta * loadTime)), g being
    // the gap to the end. The gap of the first one follows Gumbel's distribution, whose mean is
    // beta * loadTime * (ln(rate * beta * loadTime) + Euler's constant).
    for (const beta of [0.5, 1, 2]) {
      const { gap } = play({ ...traffic, beta }, LIVES, true, seeded(SEED));
      const { rate, loadTime } = traffic;
      const expected = beta * loadTime * (Math.log(rate * beta * loadTime) + EULER);
      expect(gap / expected, `beta ${beta}`).toBeCloseTo(1, 1);
    }
  });

  test('without a lock as many refresh per life as the formula says, with one it is one', () => {
    // From the first one's gap on, as many are expected before its load ends as exp(1 / beta) - 1.
    for (const beta of [1, 2]) {
      const { perLife } = play({ ...traffic, beta }, LIVES, false, seeded(SEED));
      expect(perLife / Math.exp(1 / beta), `beta ${beta}`).toBeCloseTo(1, 1);
      expect(play({ ...traffic, beta }, LIVES, true, seeded(SEED)).perLife).toBeCloseTo(1, 2);
    }
  });

  test('at beta 1 nobody waits for a load of a value that is read all the time', () => {
    // A reader waits if none has decided before the last `loadTime`: exp(-rate * loadTime / e), here 10 to the -16.
    expect(play(traffic, LIVES, true, seeded(SEED)).waited).toBe(0);
    // Rarely read, somebody does, as often as that says.
    const rare = { ...traffic, rate: 0.05 };
    const expected = Math.exp((-rare.rate * rare.loadTime) / Math.E);
    expect(play(rare, LIVES, true, seeded(SEED)).waited / expected).toBeCloseTo(1, 1);
  });
});

test('before the span chance has no say', () => {
  const least = 1 - 2 ** -28;
  expect(refreshesEarly(span(50, 1), 50, 1, () => least)).toBe(false);
  expect(refreshesEarly(span(50, 1) / 2, 50, 1, () => least)).toBe(true);
});

test('chance may be 0: then it is not yet time', () => {
  expect(refreshesEarly(1, 50, 1, () => 0)).toBe(false);
});
