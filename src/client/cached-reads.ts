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

/** Canonical method name to how its reply is copied. The key is the first argument and the only one. */
export const CACHED_READS: Readonly<Record<string, Copy>> = {
  // Strings and bitmaps.
  BITCOUNT: 'none',
  BITPOS: 'none',
  GET: 'none',
  GETBIT: 'none',
  GETRANGE: 'none',
  STRLEN: 'none',
  // Keys.
  EXISTS: 'none',
  TYPE: 'none',
  // Hashes.
  HEXISTS: 'none',
  HGET: 'none',
  HGETALL: 'hash',
  HKEYS: 'list',
  HLEN: 'none',
  HMGET: 'list',
  HSTRLEN: 'none',
  HVALS: 'list',
  // Lists.
  LINDEX: 'none',
  LLEN: 'none',
  LPOS: 'none',
  LPOSCOUNT: 'list',
  LRANGE: 'list',
  // Sets.
  SCARD: 'none',
  SISMEMBER: 'none',
  SMEMBERS: 'list',
  SMISMEMBER: 'list',
  // Sorted sets.
  ZCARD: 'none',
  ZCOUNT: 'none',
  ZLEXCOUNT: 'none',
  ZMSCORE: 'list',
  ZRANGE: 'list',
  ZRANGEBYLEX: 'list',
  ZRANGEBYSCORE: 'list',
  ZRANGEBYSCOREWITHSCORES: 'records',
  ZRANGEWITHSCORES: 'records',
  ZRANK: 'none',
  ZREVRANK: 'none',
  ZSCORE: 'none',
  // Geo and streams.
  GEODIST: 'none',
  GEOHASH: 'list',
  XLEN: 'none',
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
