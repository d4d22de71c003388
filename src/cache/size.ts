// Estimates what a held reply costs in memory, for `maxBytes`. Knows V8's object layout roughly and
// nothing else.

import { types } from 'node:util';
import { isHeldRecord } from './record.js';

/** What an entry costs beside its key and replies: LRU slots, map cell, entry object. Unit: bytes. */
export const ENTRY_OVERHEAD = 168;
/** What a reply beside the entry's own costs, without its value and id: record and map cell. Unit: bytes. */
export const REPLY_OVERHEAD = 160;
/** What an entry costs more if it has anything beside its own reply. Unit: bytes. */
export const MORE_OVERHEAD = 88;

/** What a tie to another key's entry costs. Unit: bytes. */
export const TIE = 64;

const STRING_HEADER = 16;
const OBJECT_HEADER = 56;
const BYTES_HEADER = 96;
const PROPERTY = 40;
const POINTER = 8;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;

/** V8 keeps one byte per character while all are Latin-1, else two. */
export function stringBytes(text: string): number {
  return STRING_HEADER + (BEYOND_LATIN1.test(text) ? 2 * text.length : text.length);
}

/** Estimated bytes of a reply as node-redis returns it: scalars, bytes, arrays, sets, maps and plain objects of these. */
export function valueBytes(value: unknown): number {
  if (typeof value === 'string') return stringBytes(value);
  if (typeof value === 'number') return STRING_HEADER;
  if (typeof value !== 'object' || value === null) return 0;
  if (types.isUint8Array(value)) return BYTES_HEADER + value.byteLength;
  let bytes = OBJECT_HEADER;
  if (Array.isArray(value)) {
    for (const item of value) bytes += POINTER + valueBytes(item);
    return bytes;
  }
  if (types.isSet(value) || types.isMap(value)) {
    for (const [name, item] of value.entries()) bytes += PROPERTY + valueBytes(name) + valueBytes(item);
    return bytes;
  }
  if (isHeldRecord(value)) {
    for (const item of Object.values(value)) bytes += POINTER + valueBytes(item);
    return bytes;
  }
  for (const [name, item] of Object.entries(value)) bytes += PROPERTY + stringBytes(name) + valueBytes(item);
  return bytes;
}
