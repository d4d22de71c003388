// What is sold and how often each thing is looked at: one hot key that half of all reads want, and a catalogue
// whose popularity follows Zipf's law. Everything drawn at random comes from a seed.

export const HOT_PREFIX = 'product:flash-sale:';
export const ITEM_PREFIX = 'product:item:';

/** A string, read by GET. On a server of its own nothing else uses GET, so that the server's count of GETs is about it. */
export const HOT_KEY = `${HOT_PREFIX}current`;

/** Hashes, on a cluster strings; the first is the most popular. */
export const ITEM_KEYS: readonly string[] = Array.from({ length: 1_000 }, (_, index) => itemKey(index));

export interface Product {
  /** The writer's clock when it sent this: `monotonic()`, ms. */
  readonly writtenAt: number;
  readonly price: number;
  readonly stock: number;
}

/** What the hot key holds, as JSON. */
export interface Offer extends Product {
  /** Rises by one with every write. */
  readonly version: number;
}

/** In [0, 1), the same sequence for the same seed (mulberry32). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws item keys: the item of rank k is drawn in proportion to 1 / k (Zipf's law with exponent 1). */
export function itemLottery(random: Random): () => string {
  const cumulative: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= ITEM_KEYS.length; rank++) {
    total += 1 / rank;
    cumulative.push(total);
  }
  return () => {
    const drawn = random() * total;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? total) > drawn) high = middle;
      else low = middle + 1;
    }
    return itemKey(low);
  };
}

function itemKey(index: number): string {
  return `${ITEM_PREFIX}${index}`;
}

/** What visitors ask for, in order. @param hotShare how many of them want the offer, of 1 */
export function visits(random: Random, count: number, hotShare: number): string[] {
  const item = itemLottery(random);
  return Array.from({ length: count }, () => (random() < hotShare ? HOT_KEY : item()));
}
