// Everything that the cache may hold of a key, read through one client: for comparing a wrapped client with a bare
// one.

import type { PlainClient } from '../../support/rig.js';

/** One per kind of value, and two that any key answers. */
const READS: Readonly<Record<string, (redis: PlainClient, key: string) => Promise<unknown>>> = {
  exists: (redis, key) => redis.exists(key),
  type: (redis, key) => redis.type(key),
  get: (redis, key) => redis.get(key),
  hGetAll: (redis, key) => redis.hGetAll(key),
  lRange: (redis, key) => redis.lRange(key, 0, -1),
  sMembers: (redis, key) => redis.sMembers(key),
  zRangeWithScores: (redis, key) => redis.zRangeWithScores(key, 0, -1),
  xLen: (redis, key) => redis.xLen(key),
};

/** By key and read; an error is its message. */
export type Replies = Readonly<Record<string, unknown>>;

/** All of these reads on all of these keys, sent at once, or only those that gave `wanted`. */
export async function readAll(
  redis: PlainClient,
  keys: readonly string[],
  wanted?: readonly string[],
): Promise<Replies> {
  const reads = keys.flatMap((key) =>
    Object.entries(READS)
      .filter(([name]) => wanted?.includes(`${name} ${key}`) ?? true)
      .map(async ([name, read]) => [`${name} ${key}`, await settled(read(redis, key))]),
  );
  return Object.fromEntries(await Promise.all(reads));
}

/** Which of these the cache may hold: errors it may not. */
export function cacheable(replies: Replies): readonly string[] {
  return Object.keys(replies).filter((name) => !(replies[name] instanceof Error));
}

async function settled(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    return error;
  }
}
