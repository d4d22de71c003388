// Records as they are held: what V8 keeps of many records with the same fields in few bytes, and copies as a whole.

import { LRUCache } from 'lru-cache';

/** Tell held records from what a client made, with and without a prototype. They have nothing themselves. */
const HELD: object = Object.freeze(Object.create(null));
const HELD_BARE: object = Object.freeze(Object.create(null));

/** Records with more fields are rather lists, each with names of its own. */
const MAX_FIELDS = 32;
/** Longer names together are rarely those of a second record. */
const MAX_NAMES_LENGTH = 2_000;
/** How many sets of fields are remembered. */
const MAX_SHAPES = 1_000;

/** Sets of fields that were seen: only those that come again are worth a shape, which costs more than one record saves. */
const seen = new LRUCache<string, true>({ max: MAX_SHAPES });

/**
 * A plain record as it is held, if all its values are scalars and another one had the same fields: these share their names
 * in a shape, while V8 keeps records without a prototype as hash tables, names and all. Anything else as it is.
 */
export function heldRecord(record: object): object {
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== null && prototype !== Object.prototype) return record;
  const names = Object.keys(record);
  if (names.length === 0 || names.length > MAX_FIELDS) return record;
  const shape = names.join('\n');
  if (shape.length > MAX_NAMES_LENGTH) return record;
  for (const value of Object.values(record)) if (typeof value === 'object' && value !== null) return record;
  if (seen.get(shape) === undefined) {
    seen.set(shape, true);
    return record;
  }
  return Object.setPrototypeOf({ ...record }, prototype === null ? HELD_BARE : HELD);
}

export function isHeldRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === HELD || prototype === HELD_BARE;
}

/** The record as its client made it, a new one each time. */
export function copyOfHeld(record: object): object {
  const copy = { ...record };
  return Object.getPrototypeOf(record) === HELD ? copy : Object.setPrototypeOf(copy, null);
}
