// When to try again after a tracking connection was lost.

import { TIMER_MAX } from '../option-checks.js';
import type { ReconnectStrategy } from '../options.js';

const FIRST = 50;
const MAX = 1_000;

/** Exponential with jitter, so that a fleet that lost one server does not return in step. Unit: ms. */
function jittered(retries: number, random: () => number): number {
  const ceiling = Math.min(FIRST * 2 ** Math.min(retries, 10), MAX);
  return ceiling / 2 + (random() * ceiling) / 2;
}

/**
 * As in node-redis, a strategy of the user's that throws or answers nonsense is a strategy that is not there.
 * @returns the delay in ms, or `undefined` when the strategy gives up
 */
export function nextDelay(
  strategy: ReconnectStrategy | undefined,
  retries: number,
  cause: Error,
  random: () => number,
): number | undefined {
  let answer: unknown = strategy;
  try {
    if (typeof strategy === 'function') answer = strategy(retries, cause);
  } catch {
    answer = undefined;
  }
  if (answer === false || answer instanceof Error) return undefined;
  return typeof answer === 'number' && answer >= 0 ? Math.min(answer, TIMER_MAX) : jittered(retries, random);
}
