// Keys are bytes (rule C12): which keys can be cached, what a written key may touch, and how keys that the client
// prefixes by itself are called on either side.

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

/** Keys as users write them, and as they go on the wire with node-redis' `keyPrefix`. Entries go by the latter. */
export class KeySpace {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  onWire(key: string): string {
    return this.#prefix === '' ? key : this.#prefix + key;
  }

  asWritten(key: string): string {
    return key.slice(this.#prefix.length);
  }

  /** The same for a key as the client put it on the wire. */
  argument(key: unknown): unknown {
    if (typeof key === 'string') return this.asWritten(key);
    return Buffer.isBuffer(key) ? key.subarray(Buffer.byteLength(this.#prefix)) : key;
  }
}
