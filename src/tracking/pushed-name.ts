// How the keys of pushes are spelt in the cache.

/**
 * Keys arrive as bytes. Bytes that are no UTF-8 become U+FFFD: nothing is ever cached under such a key, so at worst a key
 * that is really spelt so is dropped needlessly (C12). Whatever else arrives is no key: text would be one letter of a
 * text that stood in place of the keys.
 */
export function pushedName(key: unknown): string | undefined {
  return Buffer.isBuffer(key) ? key.toString() : undefined;
}
