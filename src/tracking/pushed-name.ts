// How the keys of pushes are spelt in the cache.

/**
 * Keys arrive as strings or bytes, as the decoder is at the time. Bytes that are no UTF-8 become U+FFFD: nothing is ever
 * cached under such a key, so at worst a key that is really spelt so is dropped needlessly (C12).
 */
export function pushedName(key: unknown): string | undefined {
  if (typeof key === 'string') return key;
  return Buffer.isBuffer(key) ? key.toString() : undefined;
}
