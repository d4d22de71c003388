// What the coherence core tells whoever owns it: reasons and callbacks.

import type { Prefix } from './prefix.js';

/** Why the cache was emptied. */
export type FlushReason =
  | 'armed'
  | 'lost'
  | 'deposed'
  | 'coverage'
  | 'server'
  | 'moved'
  | 'connection-state'
  | 'clear'
  | 'closed'
  | 'barrier';

/** Why a lease ended. */
export type RevokeReason = 'lost' | 'deposed' | 'moved' | 'coverage' | 'closed';

export interface CoherenceObserver {
  flushed(reason: FlushReason, entries: number): void;
  evicted(key: string, prefix: Prefix): void;
  /** Some lease may serve that could not, or the other way round. */
  servingChanged(reason?: RevokeReason): void;
  /** Freshness must be proven anew before anything is served: ask for a heartbeat now. */
  proofWanted(): void;
}
