// What a tracker tells whoever started it.

import type { NearCacheError } from '../errors.js';

export interface TrackerObserver {
  /** A push was applied: `null` stands for every key. */
  invalidated(node: string, key: string | null): void;
  armed(): void;
  /** The lease ran out without a proof: the connection is given up. */
  expired(): void;
  /** The server will not track for us. It is asked again every 30 s. */
  refused(error: NearCacheError, role: 'primary' | 'replica'): void;
  /** The connection failed or fell silent; it is being reopened unless `final`. */
  lost(error: NearCacheError, final: boolean): void;
  /** The node is something else than before: its session ended, and begins anew once it has authority again. */
  deposed(node: string, reason: string): void;
  /** The node is connected, and has given no proof of authority for longer than a lease. */
  doubted(node: string, reason: string): void;
  /** A push could not be understood; the cache was emptied. */
  malformed(node: string): void;
}
