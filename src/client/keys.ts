// Keys are bytes (rule C12): which keys can be cached, and what a written key may touch.

/** Only a string that survives the way to bytes and back unambiguously may name an entry. */
export function isCacheableKey(key: unknown): key is string {
  return typeof key === 'string' && key.isWellFormed();
}

/**
 * The name under which the key's bytes would be held. A lone surrogate goes on the wire as U+FFFD, bytes that are
 * no UTF-8 decode to it: either way the only entry that could be meant is the one of that name.
 */
export function heldName(key: unknown): string | undefined {
  if (typeof key === 'string') return key.toWellFormed();
  if (key instanceof Uint8Array) return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString();
  return undefined;
}
