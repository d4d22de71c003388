// The read commands that are cached (rule C15: their reply changes solely by a write to their key), as a table.
// What is missing here passes through. By method name without underscores, in capitals.

/** How a held reply is handed out so that no caller can change what the next one gets (rule C13). */
export type Copy =
  /** Strings, numbers, booleans, null: nothing to share. */
  | 'none'
  /** An array of scalars. */
  | 'list'
  /** A flat object without a prototype, as node-redis 1.x returns hashes. */
  | 'hash'
  /** An array of flat objects. */
  | 'records';

/** One cached read. The key is its first argument. */
export interface CachedRead {
  readonly copy: Copy;
  /** Further arguments are keys too: then its reply does not hang on the first alone, and it passes through. */
  readonly furtherKeys?: true;
  /** It reads a hash, whose fields may expire by themselves on some servers. */
  readonly hash?: true;
}

const SCALAR: CachedRead = { copy: 'none' };
const LIST: CachedRead = { copy: 'list' };
const RECORDS: CachedRead = { copy: 'records' };

/** By canonical method name. */
export const CACHED_READS: Readonly<Record<string, CachedRead>> = {
  // Strings and bitmaps.
  BITCOUNT: SCALAR,
  BITPOS: SCALAR,
  GET: SCALAR,
  GETBIT: SCALAR,
  GETRANGE: SCALAR,
  STRLEN: SCALAR,
  // Keys.
  EXISTS: { ...SCALAR, furtherKeys: true },
  TYPE: SCALAR,
  // Hashes.
  HEXISTS: { ...SCALAR, hash: true },
  HGET: { ...SCALAR, hash: true },
  HGETALL: { copy: 'hash', hash: true },
  HKEYS: { ...LIST, hash: true },
  HLEN: { ...SCALAR, hash: true },
  HMGET: { ...LIST, hash: true },
  HSTRLEN: { ...SCALAR, hash: true },
  HVALS: { ...LIST, hash: true },
  // Lists.
  LINDEX: SCALAR,
  LLEN: SCALAR,
  LPOS: SCALAR,
  LPOSCOUNT: LIST,
  LRANGE: LIST,
  // Sets.
  SCARD: SCALAR,
  SISMEMBER: SCALAR,
  SMEMBERS: LIST,
  SMISMEMBER: LIST,
  // Sorted sets.
  ZCARD: SCALAR,
  ZCOUNT: SCALAR,
  ZLEXCOUNT: SCALAR,
  ZMSCORE: LIST,
  ZRANGE: LIST,
  ZRANGEBYLEX: LIST,
  ZRANGEBYSCORE: LIST,
  ZRANGEBYSCOREWITHSCORES: RECORDS,
  ZRANGEWITHSCORES: RECORDS,
  ZRANK: SCALAR,
  ZREVRANK: SCALAR,
  ZSCORE: SCALAR,
  // Geo and streams.
  GEODIST: SCALAR,
  GEOHASH: LIST,
  XLEN: SCALAR,
};

/** `zRangeWithScores` and `ZRANGE_WITHSCORES` are one command. */
export function canonicalName(method: string): string {
  return method.replace(/[^a-zA-Z0-9]/g, '').toUpperCase();
}

export function copyReply(copy: Copy, reply: unknown): unknown {
  switch (copy) {
    case 'none':
      return reply;
    case 'list':
      return Array.isArray(reply) ? reply.slice() : reply;
    case 'hash':
      return typeof reply === 'object' && reply !== null ? Object.assign(Object.create(null), reply) : reply;
    case 'records':
      return Array.isArray(reply) ? reply.map((record) => ({ ...record })) : reply;
  }
}
