// The words in which the tables of wire commands are written: what a command does to the cache, and where its keys
// stand. Nothing in here knows a command.

/** Where a command's keys stand among its arguments; the command's name is argument 0. */
export type KeyPositions =
  /** These arguments. */
  | readonly number[]
  /** From the first number up to the second, counted from the end, in steps of the third. */
  | { readonly from: number; readonly dropLast: number; readonly step: number }
  /** A count stands there, the keys follow, in steps of one if nothing else is said. */
  | { readonly countAt: number; readonly step?: number }
  /** Argument 1, and the one after each of these words. */
  | { readonly after: readonly string[] }
  | 'streams'
  | 'migrate';

/** How replies of a read are cached (rule C15: they change solely by a write to a declared key). */
export interface CachedRead {
  /** It reads a hash, whose fields may expire by themselves on some servers. */
  readonly hash?: true;
  /** With one of these words among its arguments after the keys it is not cached. */
  readonly unless?: readonly string[];
}

/** Why a read is not cached; docs/commands.md spells each out. */
export type UncachedReason =
  | 'time'
  | 'random'
  | 'cursor'
  | 'script'
  | 'internals'
  | 'access'
  | 'blocking'
  | 'approximate'
  | 'unproven';

export type WireEffect =
  /** Changes these keys. */
  | { readonly kind: 'write'; readonly keys: KeyPositions }
  /** Changes nothing and tells of these keys. It is either cached or, for a reason, not. */
  | {
      readonly kind: 'read';
      readonly keys: KeyPositions;
      readonly cached?: CachedRead;
      readonly uncached?: UncachedReason;
    }
  /** Neither changes keys nor tells of any in particular. */
  | { readonly kind: 'neutral' }
  /**
   * Changes all keys, or what the connection's keys mean (rule C14). `stray`: it has another database or user afterwards
   * than the connections that were made after it.
   */
  | { readonly kind: 'flush'; readonly stray?: true }
  /** Begins optimistic locking or a transaction sent by hand (rule C11). */
  | { readonly kind: 'hold' }
  /** Ends it. */
  | { readonly kind: 'release' }
  /** May change keys that can't be known: a barrier (rule C4). */
  | { readonly kind: 'unknown' };

export type WireTable = Readonly<Record<string, WireEffect>>;

export const ONE: KeyPositions = [1];
export const ALL: KeyPositions = { from: 1, dropLast: 0, step: 1 };
export const COUNTED: KeyPositions = { countAt: 1 };

export const NEUTRAL: WireEffect = { kind: 'neutral' };
export const FLUSH: WireEffect = { kind: 'flush' };
export const STRAY: WireEffect = { kind: 'flush', stray: true };
export const UNKNOWABLE: WireEffect = { kind: 'unknown' };

export const write = (...keys: number[]): WireEffect => ({ kind: 'write', keys });
export const writes = (keys: KeyPositions): WireEffect => ({ kind: 'write', keys });
export const cached = (keys: KeyPositions, how: CachedRead = {}): WireEffect => ({
  kind: 'read',
  keys,
  cached: how,
});
export const uncached = (keys: KeyPositions, why: UncachedReason): WireEffect => ({
  kind: 'read',
  keys,
  uncached: why,
});

/** The same effect for all of these names. */
export function each(names: string, effect: WireEffect): Record<string, WireEffect> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, effect]));
}
