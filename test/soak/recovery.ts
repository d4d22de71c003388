// When a reader is back after a fault: when it answers from memory again, for keys of every primary.

import type { Near } from '../support/client.js';
import { pause } from './soak-bed.js';

/** A loss is noticed a moment after it happened: until then hits mean nothing. Unit: ms. */
const UNNOTICED = 100;

/**
 * @returns how long it took until memory had every key at every look, in ms; 0 if it always had, infinite if that was not
 * so within `limit`
 */
export async function recovery(near: Near, keys: readonly string[], limit: number): Promise<number> {
  const since = performance.now();
  const never = pause(limit).then(() => Number.POSITIVE_INFINITY);
  const each = keys.map((key) => lookAt(near, key, since, limit));
  return Promise.race([Promise.all(each).then((times) => Math.max(...times)), never]);
}

async function lookAt(near: Near, key: string, since: number, limit: number): Promise<number> {
  const elapsed = (): number => performance.now() - since;
  let heldFrom: number | undefined = 0;
  while (elapsed() < limit) {
    const isHeld = near.near.peek(key) !== undefined;
    if (!isHeld) heldFrom = undefined;
    else heldFrom ??= elapsed();
    if (heldFrom !== undefined && elapsed() >= UNNOTICED) return heldFrom;
    // Brings it back, and keeps it from making room for others.
    await near.get(key).catch(() => {});
    if (!isHeld && near.near.peek(key) !== undefined) heldFrom = elapsed();
    await pause(5);
  }
  return Number.POSITIVE_INFINITY;
}
