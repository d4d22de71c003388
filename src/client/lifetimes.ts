// How long replies may live by what the server says of their keys' own expiry (rule C7).

import type { Expiry } from '../cache/coherence.js';
import type { Lease } from '../cache/lease.js';
import type { Prefix } from '../cache/prefix.js';
import type { CachedRead } from './wire-commands.js';

export interface LifetimeOptions {
  readonly serverTtl: boolean;
  readonly maxStaleness: number;
  /** The client refuses commands when too many wait: a miss may not take two places. */
  readonly queueIsBounded: () => boolean;
}

export class Lifetimes {
  readonly #options: LifetimeOptions;

  constructor(options: LifetimeOptions) {
    this.#options = options;
  }

  /** Whether a read asks for the key's expiry too; also to know whether the key is there (`cacheNil`). */
  wantsExpiry(prefix: Prefix): boolean {
    const { queueIsBounded, serverTtl } = this.#options;
    return !queueIsBounded() && (serverTtl || !prefix.cacheNil);
  }

  /**
   * A bound where no PTTL tells of the end: hashes whose fields can expire by themselves, and clients whose queue has no
   * place for a second command. It is `maxStaleness`. Unit: ms.
   */
  maxTtlOf(command: CachedRead, lease: Lease): number | undefined {
    const { queueIsBounded, serverTtl, maxStaleness } = this.#options;
    if (!serverTtl) return undefined;
    return queueIsBounded() || (command.hash === true && lease.partsExpire) ? maxStaleness : undefined;
  }

  /** What of an answer counts. */
  bounded(expiry: Expiry): Expiry {
    return this.#options.serverTtl ? expiry : expiry && { ...expiry, remaining: Number.POSITIVE_INFINITY };
  }
}
