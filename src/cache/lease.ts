// The right to serve entries of one node, as a plain record: the hit path compares one number. Who may
// change it is decided by Coherence; what the numbers mean is rule C6.

import type { Prefix } from './prefix.js';

/** One per node that is read from. An entry points at the lease that vouches for it. Moments are ms on the cache's clock. */
export class Lease {
  /** Upper bound of an entry's life under this lease; finite only for the untracked fallback. Unit: ms. */
  readonly maxTtl: number;
  /** Rises at every arm and every loss. */
  epoch = 0;
  /** Whether invalidations arrive in this epoch. */
  armed = false;
  /** Every write before this moment has been applied to the cache. */
  provenAsOf = Number.NEGATIVE_INFINITY;
  /** Entries may be served before this moment; minus infinity while the lease or the cache is held back. */
  serveUntil = Number.NEGATIVE_INFINITY;
  /** The node is a replica: it may not have applied yet what its primary has answered. */
  isReplica = false;
  /** Everything written before this moment the node had applied when it last said so; no bound at a primary. */
  coversAsOf = Number.POSITIVE_INFINITY;
  /** Parts of a key, such as fields of a hash, may expire by themselves at this node. */
  partsExpire = true;
  /** The prefixes whose invalidations arrive in this epoch. */
  readonly covered = new Set<Prefix>();

  /** Whether the node says what changed; if not, `maxTtl` is the only bound. */
  get tracked(): boolean {
    return this.maxTtl === Number.POSITIVE_INFINITY;
  }

  constructor(maxTtl = Number.POSITIVE_INFINITY) {
    this.maxTtl = maxTtl;
  }
}
