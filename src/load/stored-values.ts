// Values of a loader as they lie in Redis and in the near cache: read, understood, judged by the time they have left, and
// held beside the reply that they were made of.

import type { Coherence } from '../cache/coherence.js';
import { NearCacheError } from '../errors.js';
import type { ValueClient } from '../values/namespace.js';
import { TypedText } from '../values/typed-text.js';
import type { Run } from './fill-lock.js';
import { agesFrom, type Found, foundUntil } from './freshness.js';
import type { LoadCounts } from './load-counts.js';
import type { ResolvedLoader } from './loader-options.js';
import type { Loaded } from './origin.js';
import type { RedisLink } from './redis-link.js';

/** What a loader stands on. */
export interface LoaderParts {
  readonly client: ValueClient;
  readonly coherence: Coherence;
  readonly onWire: (key: string) => string;
  /** The name under which the reply of `get()` is held. */
  readonly replyId: () => string;
  readonly run: Run;
  /** What the key has left, past the cache: as `PTTL` answers. */
  readonly pttl: (key: string) => Promise<unknown>;
  /** Whether all that changes is being heard of now. */
  readonly hears: () => boolean;
  readonly random: () => number;
  readonly loaded: (event: Loaded) => void;
  readonly fellBack: (key: string, reason: 'lock' | 'redis', waited: number) => void;
  readonly fault: (message: string, cause: unknown) => void;
}

const ABSENT = Object.freeze({ value: null });

let made = 0;

export class StoredValues<T> {
  readonly #options: ResolvedLoader<T>;
  readonly #parts: LoaderParts;
  readonly #link: RedisLink;
  readonly #counts: LoadCounts;
  readonly #values: TypedText<T>;
  /** The name, among the replies of a key, of its value while that asks for nothing. */
  readonly youngId: string;
  /** That of the value with its times, when these begin to matter: a {@link Found}. */
  readonly agedId: string;

  constructor(options: ResolvedLoader<T>, parts: LoaderParts, link: RedisLink, counts: LoadCounts) {
    this.#options = options;
    this.#parts = parts;
    this.#link = link;
    this.#counts = counts;
    this.#values = new TypedText(options.codec, options.schema);
    const number = ++made;
    this.youngId = `loaded ${number}`;
    this.agedId = `ageing ${number}`;
  }

  /** By way of the near cache. @throws Unreachable */
  async read(id: string): Promise<Found<T> | undefined> {
    const { client } = this.#parts;
    return this.found(id, await this.#link.ask(() => client.get(this.#options.prefix + id)));
  }

  /** What a reply of the near cache says, and, if it is held, what was made of it. */
  async found(id: string, reply: unknown): Promise<Found<T> | undefined> {
    if (reply === null || reply === undefined) return undefined;
    const { coherence, replyId } = this.#parts;
    const key = this.#wire(id);
    const source = replyId();
    const held = coherence.replyOf(key, source, reply);
    const known = held === undefined || Number.isNaN(held.keyExpiresAt) ? undefined : held.keyExpiresAt;
    const goneAt = known ?? (await this.#expiryOf(id));
    const value = await this.#decoded(id, String(reply));
    if (value === undefined) return undefined;
    const found = foundUntil(value.value, goneAt, this.#options);
    const agesAt = agesFrom(found, this.#options, this.#counts.usualLoadTime);
    try {
      if (coherence.now() < agesAt) coherence.derive(key, source, reply, this.youngId, found.value, agesAt);
      else coherence.derive(key, source, reply, this.agedId, found);
    } catch {
      // What has no size, such as an object that holds itself, is not held.
    }
    return found;
  }

  /** What a text says that the near cache has not seen. `left` as `PTTL` answers. */
  async understood(id: string, text: string, left: number): Promise<Found<T> | undefined> {
    const value = await this.#decoded(id, text);
    // The near cache has not seen it: what it holds of the key may be older.
    this.#parts.coherence.observed(this.#wire(id));
    if (value === undefined) return undefined;
    const goneAt = left < 0 ? Number.POSITIVE_INFINITY : this.#parts.coherence.now() + left;
    return foundUntil(value.value, goneAt, this.#options);
  }

  /** On the cache's clock. */
  async #expiryOf(id: string): Promise<number> {
    const sentAt = this.#parts.coherence.now();
    const left = Number(await this.#link.ask(() => this.#parts.pttl(this.#options.prefix + id)));
    if (left === -1) return Number.POSITIVE_INFINITY;
    return sentAt + Math.max(0, left - 1);
  }

  /** `undefined` for what cannot be read: it counts as not there, and what is loaded takes its place. */
  async #decoded(id: string, text: string): Promise<{ readonly value: T | null } | undefined> {
    if (text === this.#options.nil) return ABSENT;
    const key = this.#options.prefix + id;
    try {
      return { value: await this.#values.valueOf(key, text) };
    } catch (error) {
      this.#parts.fault(
        'What Redis holds under the prefix of a loader could not be read: it was loaded anew.',
        error,
      );
      return undefined;
    }
  }

  /** The text of a value, and the value as it will be found. */
  async written(id: string, value: T | null): Promise<{ text: string; value: T | null }> {
    if (value === null) return { text: this.#options.nil, value };
    const key = this.#options.prefix + id;
    const text = await this.#values.textOf(key, value);
    if (text === this.#options.nil) {
      const message = `Option nil must be a text that the codec writes for no value; it wrote it for that of ${JSON.stringify(key)}.`;
      throw new NearCacheError('ERR_NEAR_OPTION', message);
    }
    return { text, value: await this.#values.valueOf(key, text) };
  }

  #wire(id: string): string {
    return this.#parts.onWire(this.#options.prefix + id);
  }
}
