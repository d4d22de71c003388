// The prefixes as users name them: registered with the settings that fall back to the cache's own, and as namespaces of
// typed values.

import type { Coherence } from '../cache/coherence.js';
import type { Prefix } from '../cache/prefix.js';
import type { Codec, StandardSchema } from '../codec.js';
import { NearCacheError } from '../errors.js';
import { checkNamespace, type PrefixOptions } from '../options.js';
import { Namespace, type NamespaceOptions, type ValueClient } from '../values/namespace.js';
import type { KeySpace } from './keys.js';

export interface PrefixDefaults {
  readonly ttl: number;
  readonly cacheNil: boolean;
}

export class RegisteredPrefixes {
  readonly #coherence: Coherence;
  readonly #keys: KeySpace;
  readonly #defaults: PrefixDefaults;
  readonly #idOfGet: () => string;
  readonly #given = new WeakMap<Prefix, PrefixOptions>();

  constructor(coherence: Coherence, keys: KeySpace, defaults: PrefixDefaults, idOfGet: () => string) {
    this.#coherence = coherence;
    this.#keys = keys;
    this.#defaults = defaults;
    this.#idOfGet = idOfGet;
  }

  register(options: PrefixOptions): Prefix {
    const prefix = this.#coherence.register(this.#keys.onWire(options.prefix), {
      ttl: options.ttl ?? this.#defaults.ttl,
      maxEntries: options.maxEntries,
      cacheNil: options.cacheNil ?? this.#defaults.cacheNil,
    });
    this.#given.set(prefix, options);
    return prefix;
  }

  /** @throws NearCacheError `ERR_NEAR_PREFIX` */
  unregister(name: string): void {
    if (!this.#coherence.unregister(this.#keys.onWire(name))) throw this.#unknown(name);
  }

  /** @throws NearCacheError `ERR_NEAR_PREFIX`, `ERR_NEAR_OPTION` */
  namespace<T>(name: string, client: ValueClient, options: NamespaceOptions<T>): Namespace<T> {
    checkNamespace(options);
    return new Namespace(
      {
        prefix: name,
        client,
        coherence: this.#coherence,
        onWire: (key) => this.#keys.onWire(key),
        replyId: this.#idOfGet,
      },
      this.typed(name, options),
    );
  }

  /**
   * Options for values under a prefix, with codec and schema of the registered one where they are left out.
   * @throws NearCacheError `ERR_NEAR_PREFIX`
   */
  typed<T, O extends NamespaceOptions<T>>(name: string, options: O): O {
    const prefix = this.#coherence.prefixes.match(this.#keys.onWire(name));
    if (prefix === undefined) throw this.#unknown(name);
    const given = this.#given.get(prefix);
    return {
      ...options,
      codec: options.codec ?? (given?.codec as Codec<T> | undefined),
      schema: options.schema ?? (given?.schema as StandardSchema<T> | undefined),
    };
  }

  #unknown(name: string): NearCacheError {
    const names = Array.from(this.#coherence.prefixes.all(), (prefix) => this.#keys.asWritten(prefix.name));
    const known = names.map((registered) => JSON.stringify(registered)).join(', ');
    return new NearCacheError(
      'ERR_NEAR_PREFIX',
      `The prefix ${JSON.stringify(name)} is not registered. Registered: ${known || 'none'}.`,
    );
  }
}
