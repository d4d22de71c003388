// What travels on a data connection: plain records, so that two states of the model can be compared.

import type { Flight } from '../../src/cache/flights.js';
import type { Key, Reading } from './steps.js';

/** A reader who waits, and what it must not be told less than. */
export interface Waiting {
  readonly actor: number;
  readonly startedAt: number;
  /** For each key that the reply hangs on. */
  readonly floors: readonly number[];
}

export interface ReadRequest {
  readonly kind: 'read';
  readonly what: Reading;
  /** `undefined`: past the cache. */
  readonly flight: Flight | undefined;
  readonly waiting: Waiting[];
  /** Its first node has not got the slot any more. */
  readonly isDetoured: boolean;
}

export type Request =
  | ReadRequest
  | { readonly kind: 'write' | 'write unseen'; readonly actor: number; readonly key: Key }
  | {
      readonly kind: 'watch' | 'exec' | 'select';
      readonly actor: number;
      /** How many WATCHes were sent by then. */
      readonly watches: number;
    };

export interface Answer {
  readonly request: Request;
  /** By key that was read or written: its version. */
  readonly versions: readonly (readonly [Key, number])[];
  /** Until the first of the keys expires, as PTTL said. */
  readonly remaining: number;
  /** The node has not got the slot. */
  readonly isMoved: boolean;
  /** The node does not write. */
  readonly isRefused: boolean;
}
