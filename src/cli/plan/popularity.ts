// Which part of the reads a cache answers when some keys are read more than others: reads by Zipf's law, writes alike for
// all keys, both at random times.

/** Keys of about the same rank, taken together. */
interface Rank {
  readonly keys: number;
  /** Part of the reads that one of them gets. */
  readonly share: number;
}

/** Neighbours of a rank that count as one, of it: a thousand ranks at most for any number of keys. */
const STEP = 1.02;

function ranksOf(keys: number, skew: number): Rank[] {
  const ranks: { keys: number; weight: number }[] = [];
  let sum = 0;
  for (let first = 1; first <= keys; ) {
    const last = Math.min(keys, Math.max(first, Math.floor(first * STEP)));
    const weight = ((first + last) / 2) ** -skew;
    ranks.push({ keys: last - first + 1, weight });
    sum += (last - first + 1) * weight;
    first = last + 1;
  }
  return ranks.map((rank) => ({ keys: rank.keys, share: rank.weight / sum }));
}

/**
 * Part of the reads of one cache that are hits, when an entry goes with the next write of its key.
 * @param reads of this cache per second
 * @param writes of all the keys per second
 */
export function hitsWhileTracked(keys: number, skew: number, reads: number, writes: number): number {
  return expected(keys, skew, (share) => {
    const read = reads * share;
    const written = writes / keys;
    return read === 0 ? 0 : read / (read + written);
  });
}

/** The same when an entry lives for a fixed time. @param ttl unit: ms */
export function hitsWhileFresh(keys: number, skew: number, reads: number, ttl: number): number {
  return expected(keys, skew, (share) => {
    const read = (reads * share * ttl) / 1_000;
    return read / (1 + read);
  });
}

function expected(keys: number, skew: number, hits: (share: number) => number): number {
  let sum = 0;
  for (const rank of ranksOf(keys, skew)) sum += rank.keys * rank.share * hits(rank.share);
  return Math.min(1, sum);
}
