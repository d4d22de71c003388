// The name of a fill lock: under the loader's own prefix, so that its pushes come, and in the slot of the value's key, so
// that one script may touch both.

import { hashSlot } from '../routing/slots.js';

const MARK = '~lock';

/**
 * `product:{product:42}~lock` for `product:42`; a key with a hash tag keeps it: `{product:42}:stock~lock`.
 * @param onWire what the client makes of a key before it sends it
 */
export function lockKeyOf(prefix: string, id: string, onWire: (key: string) => string): string {
  const key = prefix + id;
  const slot = hashSlot(onWire(key));
  const tagged = `${prefix}{${onWire(key)}}${MARK}`;
  for (const candidate of [tagged, key + MARK]) if (hashSlot(onWire(candidate)) === slot) return candidate;
  // Braces that are no tag: some number does it, the same one in every process.
  for (let number = 0; ; number++) {
    const candidate = `${key}${MARK}${number}`;
    if (hashSlot(onWire(candidate)) === slot) return candidate;
  }
}
