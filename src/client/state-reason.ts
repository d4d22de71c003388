// Why the state is another now, where whoever noticed it could not say.

import type { NearState } from '../metrics/stats.js';
import type { StateReason } from './near-events.js';

/** @param gate what holds serving back, if anything does */
export function reasonOf(
  to: NearState,
  gate: 'barrier' | 'watch' | undefined,
  anyArmed: boolean,
): StateReason {
  if (to === 'serving') return 'armed';
  if (to === 'bypass') return gate ?? (anyArmed ? 'lease' : 'lost');
  return to;
}
