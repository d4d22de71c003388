// The types in which node-redis v5 and later hand out replies (`typeMapping`), and how a held reply is handed out so
// that no caller can change what the next one gets (rule C13).

import { types } from 'node:util';
import { copyOfHeld, heldRecord, isHeldRecord } from '../cache/record.js';

const KNOWN: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [String, 's'],
  [Number, 'n'],
  [Boolean, 'b'],
  [BigInt, 'i'],
  [Buffer, 'B'],
  [Array, 'a'],
  [Object, 'o'],
  [Map, 'M'],
  [Set, 'S'],
]);

/**
 * Names the types of a reply: by what its parts are decoded to, and by what the whole is transformed to. Equal ones have
 * equal names, the defaults none; `undefined` for types of the user's own.
 */
export function typesOf(decoded: object | undefined, transformed: object | undefined): string | undefined {
  const parts = nameOf(decoded);
  const whole = nameOf(transformed);
  if (parts === undefined || whole === undefined) return undefined;
  return parts === whole ? parts : `${parts}\0|${whole}`;
}

function nameOf(mapping: object | undefined): string | undefined {
  let name = '';
  for (const [replyType, type] of Object.entries(mapping ?? {})) {
    if (type === undefined) continue;
    const known = KNOWN.get(type);
    if (known === undefined) return undefined;
    name += `\0${replyType}${known}`;
  }
  return name;
}

/** By method, without underscores, in capitals: what answers with text, a number, a boolean or null in default types. */
export const SCALAR_REPLIES: ReadonlySet<string> = new Set(
  (
    'BITCOUNT BITPOS EXISTS EXPIRETIME GEODIST GET GETBIT GETRANGE HEXISTS HGET HLEN HSTRLEN LCS LINDEX LLEN LPOS ' +
    'PEXPIRETIME PFCOUNT SCARD SINTERCARD SISMEMBER STRLEN TYPE XLEN ZCARD ZCOUNT ZINTERCARD ZLEXCOUNT ZRANK ' +
    'ZREVRANK ZSCORE'
  ).split(' '),
);

/** A reply that its owner may change. Scalars cost nothing; what {@link isCopyable} does not know is handed out as it is. */
export function copyReply(reply: unknown): unknown {
  return typeof reply !== 'object' || reply === null ? reply : copyObject(reply);
}

/** Makes of a held reply what one caller gets. */
export type Copy = (reply: unknown) => unknown;

/** How a held reply is copied for each hit; `undefined` for scalars, which need no copy. */
export function copyOf(reply: unknown): Copy | undefined {
  if (typeof reply !== 'object' || reply === null) return undefined;
  if (Array.isArray(reply)) return reply.every(isScalar) ? copyList : copyReply;
  if (isHeldRecord(reply)) return copyRecord;
  const isFlat = Object.getPrototypeOf(reply) === Object.prototype && Object.values(reply).every(isScalar);
  return isFlat ? copyPlain : copyReply;
}

const copyList = (reply: unknown): unknown => (reply as unknown[]).slice();
const copyPlain = (reply: unknown): unknown => ({ ...(reply as object) });
const copyRecord = (reply: unknown): unknown => copyOfHeld(reply as object);

/** A reply as it is held. */
export function heldForm(reply: unknown): unknown {
  return typeof reply === 'object' && reply !== null ? heldRecord(reply) : reply;
}

function isScalar(reply: unknown): boolean {
  return typeof reply !== 'object' || reply === null;
}

function copyObject(reply: object): unknown {
  if (isHeldRecord(reply)) return copyOfHeld(reply);
  if (Array.isArray(reply)) return reply.map(copyReply);
  if (types.isUint8Array(reply)) return Buffer.from(reply);
  if (types.isMap(reply))
    return new Map(Array.from(reply, ([name, value]) => [copyReply(name), copyReply(value)]));
  if (types.isSet(reply)) return new Set(Array.from(reply, copyReply));
  if (!isPlain(reply)) return reply;
  const copy: object =
    Object.getPrototypeOf(reply) === null ? Object.assign(Object.create(null), reply) : { ...reply };
  for (const [name, value] of Object.entries(reply)) {
    if (typeof value !== 'object' || value === null) continue;
    // Not by assignment: JSON may have a member called __proto__.
    Object.defineProperty(copy, name, {
      value: copyObject(value),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}

/** Whether {@link copyReply} knows everything in it. */
export function isCopyable(reply: unknown): boolean {
  if (typeof reply !== 'object' || reply === null) return typeof reply !== 'function';
  return types.isUint8Array(reply)
    ? Buffer.isBuffer(reply)
    : isContainer(reply) && partsOf(reply).every(isCopyable);
}

/** Whether the reply, or a part of it, is bytes. */
export function holdsBytes(reply: unknown): boolean {
  if (typeof reply !== 'object' || reply === null) return false;
  return types.isUint8Array(reply) || partsOf(reply).some(holdsBytes);
}

function isContainer(reply: object): boolean {
  return Array.isArray(reply) || types.isMap(reply) || types.isSet(reply) || isPlain(reply);
}

/** By what it is, not by what it claims: a hash may have a field called __proto__. */
function isPlain(reply: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(reply);
  return prototype === null || prototype === Object.prototype;
}

function partsOf(reply: object): unknown[] {
  if (types.isMap(reply)) return Array.from(reply).flat();
  return types.isSet(reply) ? Array.from(reply) : Object.values(reply);
}
