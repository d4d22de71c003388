// The types in which node-redis v5 and later hand out replies (`typeMapping`), and how a held reply is handed out so
// that no caller can change what the next one gets (rule C13).

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

/** Names a type mapping: equal ones have equal names; `undefined` for one with types of the user's own. */
export function typesOf(mapping: object | undefined): string | undefined {
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

/** A reply that its owner may change. Scalars cost nothing. */
export function copyReply(reply: unknown): unknown {
  return typeof reply !== 'object' || reply === null ? reply : copyObject(reply);
}

function copyObject(reply: object): unknown {
  if (Array.isArray(reply)) return reply.map(copyReply);
  if (reply instanceof Uint8Array) return Buffer.from(reply);
  if (reply instanceof Map)
    return new Map(Array.from(reply, ([name, value]) => [copyReply(name), copyReply(value)]));
  if (reply instanceof Set) return new Set(Array.from(reply, copyReply));
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
  if (Array.isArray(reply)) return reply.every(isCopyable);
  if (reply instanceof Set) return Array.from(reply).every(isCopyable);
  if (reply instanceof Map) return Array.from(reply).flat().every(isCopyable);
  if (Buffer.isBuffer(reply)) return true;
  const prototype: unknown = Object.getPrototypeOf(reply);
  return (prototype === null || prototype === Object.prototype) && Object.values(reply).every(isCopyable);
}

/** Whether the reply, or a part of it, is bytes. */
export function holdsBytes(reply: unknown): boolean {
  if (typeof reply !== 'object' || reply === null) return false;
  if (reply instanceof Uint8Array) return true;
  return Object.values(reply).some(holdsBytes);
}
