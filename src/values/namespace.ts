// Typed values under a prefix: decoded and checked once for each reply, then held beside it and handed out frozen.

import type { Coherence } from '../cache/coherence.js';
import { type Codec, json, type StandardSchema } from '../codec.js';
import { checkSet } from '../options.js';
import { TypedText } from './typed-text.js';

/** Options of `near.namespace()`. What is left out comes from the registered prefix, then from the default. */
export interface NamespaceOptions<T> {
  /** How values become text and back. Default: `json`. */
  readonly codec?: Codec<T> | undefined;
  /** What every value must pass, when read and before it is written. It must accept what it returns. Default: none. */
  readonly schema?: StandardSchema<T> | undefined;
}

/** Options of {@link Namespace.set}. */
export interface NamespaceSetOptions {
  /** The key's expiry in Redis, by `PSETEX`. Unit: whole ms. Default: none. */
  readonly ttl?: number;
}

/** The wrapped client, as far as it is needed here. */
export interface ValueClient {
  get(key: string): Promise<unknown>;
  mGet(keys: string[]): Promise<unknown[]>;
  set(key: string, text: string): Promise<unknown>;
  pSetEx(key: string, ttl: number, text: string): Promise<unknown>;
  del(keys: string[]): Promise<unknown>;
}

/** What a namespace stands on. */
export interface NamespaceParts {
  readonly prefix: string;
  readonly client: ValueClient;
  readonly coherence: Coherence;
  readonly onWire: (key: string) => string;
  /** The name under which the reply of `get()` is held. */
  readonly replyId: () => string;
}

/**
 * Values of one type under one prefix. A hit returns the object that was decoded when the reply was stored: it is
 * shared by all readers, and therefore frozen, deeply.
 */
export class Namespace<T> {
  readonly #parts: NamespaceParts;
  readonly #values: TypedText<T>;
  /** The name of decoded values among the replies of a key. */
  readonly #id: string;

  /** @internal Made by `near.namespace()`. */
  constructor(parts: NamespaceParts, options: NamespaceOptions<T>) {
    this.#parts = parts;
    this.#values = new TypedText(options.codec ?? json, options.schema);
    this.#id = `decoded ${this.#values.name}`;
  }

  /**
   * The value of the key `prefix + id`, frozen; `null` if there is none.
   * @throws NearCacheError `ERR_NEAR_DECODE`, `ERR_NEAR_SCHEMA`; whatever the client's `get()` throws
   */
  get(id: string): Promise<T | null> {
    const { coherence, onWire, prefix } = this.#parts;
    const held = coherence.lookup(onWire(prefix + id), this.#id);
    return held === undefined ? this.#read(prefix + id) : (Promise.resolve(held) as Promise<T>);
  }

  /** The same for several keys, in their order. What is not held is fetched by one `MGET`. */
  async getMany(ids: readonly string[]): Promise<(T | null)[]> {
    const { client, coherence, onWire, prefix } = this.#parts;
    const values: (T | null)[] = [];
    const missing: { readonly at: number; readonly key: string }[] = [];
    for (const [at, id] of ids.entries()) {
      const held = coherence.lookup(onWire(prefix + id), this.#id);
      if (held === undefined) missing.push({ at, key: prefix + id });
      else values[at] = held as T;
    }
    if (missing.length > 0) {
      const texts = await client.mGet(missing.map(({ key }) => key));
      await Promise.all(
        missing.map(async ({ at, key }, position) => {
          values[at] = await this.#decoded(key, texts[position]);
        }),
      );
    }
    return values;
  }

  /**
   * The value from memory, synchronously; `null` for a key known to be missing; `undefined` when nothing may be served,
   * or nothing is decoded yet.
   */
  peek(id: string): T | null | undefined {
    const { coherence, onWire, prefix, replyId } = this.#parts;
    const key = onWire(prefix + id);
    const decoded = coherence.peek(key, this.#id) as T | undefined;
    if (decoded !== undefined) return decoded;
    return coherence.peek(key, replyId()) === null ? null : undefined;
  }

  /**
   * Checks, encodes and writes a value.
   * @throws NearCacheError `ERR_NEAR_OPTION`, `ERR_NEAR_SCHEMA`; whatever the codec or the client throws
   */
  async set(id: string, value: T, options: NamespaceSetOptions = {}): Promise<void> {
    checkSet(options);
    const { client, prefix } = this.#parts;
    const key = prefix + id;
    const text = await this.#values.textOf(key, value);
    if (options.ttl === undefined) await client.set(key, text);
    else await client.pSetEx(key, options.ttl, text);
  }

  /** Deletes one or several keys. @returns how many there were */
  async del(ids: string | readonly string[]): Promise<number> {
    const { client, prefix } = this.#parts;
    const keys = (typeof ids === 'string' ? [ids] : ids).map((id) => prefix + id);
    return keys.length === 0 ? 0 : Number(await client.del(keys));
  }

  async #read(key: string): Promise<T | null> {
    return this.#decoded(key, await this.#parts.client.get(key));
  }

  async #decoded(key: string, reply: unknown): Promise<T | null> {
    if (reply === null || reply === undefined) return null;
    const { coherence, onWire, replyId } = this.#parts;
    const source = replyId();
    // Somebody who waited for the same reply may have done it.
    const done = coherence.peek(onWire(key), this.#id);
    if (done !== undefined && coherence.replyOf(onWire(key), source, reply) !== undefined) return done as T;
    const made = this.#values.valueOf(key, String(reply));
    const value = made instanceof Promise ? await made : made;
    try {
      coherence.derive(onWire(key), source, reply, this.#id, value);
    } catch {
      // What has no size, such as an object that holds itself, is not held.
    }
    return value;
  }
}
