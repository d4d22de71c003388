// The loaders of a near cache: made with what they need of it and of the client, and told of in its events and numbers.

import type { Coherence } from '../cache/coherence.js';
import { NearCacheError } from '../errors.js';
import type { LoaderStats } from '../load/load-counts.js';
import { Loader } from '../load/loader.js';
import { checkLoader, type LoaderOptions, resolveLoader } from '../load/loader-options.js';
import type { ValueClient } from '../values/namespace.js';
import type { Announcer } from './announcer.js';
import { NO_EFFECT } from './effect.js';
import { heldName, type KeySpace } from './keys.js';
import { OwnCommands } from './own-commands.js';
import type { RegisteredPrefixes } from './registered-prefixes.js';

/** What loaders ask the client that was wrapped, past the cache. */
export interface PastCache {
  script(text: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  pttl(key: string): unknown;
}

export interface LoadersParts {
  readonly coherence: Coherence;
  readonly keys: KeySpace;
  readonly announcer: Announcer;
  readonly idOfGet: () => string;
  readonly prefixes: RegisteredPrefixes;
  readonly random: () => number;
}

export class Loaders {
  readonly #parts: LoadersParts;
  readonly #commands: OwnCommands;
  #client: ValueClient | undefined;
  #past: PastCache | undefined;
  readonly #byPrefix = new Map<string, { stats(): LoaderStats }>();

  constructor(parts: LoadersParts) {
    this.#parts = parts;
    const { announcer, coherence } = parts;
    this.#commands = new OwnCommands(coherence, 'ignores holds', {
      fault: (error) => announcer.fault('What a loader changed could not be followed.', error),
      strayed: () => {},
    });
  }

  /** The client that is wrapped, and the one inside. */
  attach(client: ValueClient, past: PastCache): void {
    this.#client = client;
    this.#past = past;
  }

  /** @throws NearCacheError `ERR_NEAR_PREFIX`, `ERR_NEAR_OPTION` */
  make<T>(options: LoaderOptions<T>): Loader<T> {
    checkLoader(options);
    const resolved = resolveLoader(this.#parts.prefixes.typed<T, LoaderOptions<T>>(options.prefix, options));
    const client = this.#client;
    const past = this.#past;
    if (client === undefined || past === undefined) throw new TypeError('A loader needs a client.');
    const { prefix } = resolved;
    if (this.#byPrefix.has(prefix)) {
      const message = `Option prefix must be one that has no loader yet; received ${JSON.stringify(prefix)}. Keep the loader that was made for it.`;
      throw new NearCacheError('ERR_NEAR_OPTION', message);
    }
    const { announcer, coherence, idOfGet, keys, random } = this.#parts;
    const tracked = coherence.prefixes.match(keys.onWire(prefix));
    if (tracked !== undefined) tracked.keepsExpiry = true;
    const loader = new Loader(resolved, {
      client,
      coherence,
      onWire: (key) => keys.onWire(key),
      replyId: idOfGet,
      run: (script, keysOfIt, args, changes) => {
        const names = changes.map((key) => heldName(keys.onWire(key)) ?? key);
        const send = (): Promise<unknown> => past.script(script, keysOfIt, args);
        return this.#commands.around({ ...NO_EFFECT, keys: names }, send);
      },
      pttl: async (key) => past.pttl(key),
      // Where nothing is tracked replies are held all the same, for a short time, under a lease of their own.
      hears: () =>
        coherence.leases.serving && [...coherence.leases].every(({ armed, tracked }) => armed === tracked),
      random,
      loaded: (event) => announcer.tell('load', { prefix, ...event }),
      fellBack: (key, reason, waited) => announcer.tell('fallback', { prefix, key, reason, waited }),
      fault: (message, cause) => announcer.fault(message, cause),
    });
    this.#byPrefix.set(prefix, loader);
    return loader;
  }

  stats(): Readonly<Record<string, LoaderStats>> {
    return Object.fromEntries(Array.from(this.#byPrefix, ([prefix, loader]) => [prefix, loader.stats()]));
  }
}
