// Waits for a condition by polling it: tests say what they wait for, never how long it may take.

import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when `condition` holds. @throws Error that names what was waited for after `limit` ms. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limit = 5_000,
  what = condition.toString(),
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${limit} ms in vain for: ${what}`);
    await delay(2);
  }
}
