// Slots of a cluster: which of the 16 384 a key lives in, and how to spell keys that share one. Knows no nodes and
// sends nothing.

import calculateSlot from 'cluster-key-slot';
import { NearCacheError } from '../errors.js';

/**
 * The slot of a key in a cluster, from 0 to 16 383, as `CLUSTER KEYSLOT` tells it. If the key has a hash tag (the text
 * between its first `{` and the first `}` after that, unless it is empty), only the tag counts.
 *
 * A string stands for the UTF-8 that clients send, in which a lone surrogate is U+FFFD.
 */
export function hashSlot(key: string | Uint8Array): number {
  const sent =
    typeof key === 'string'
      ? // The library encodes lone surrogates as bytes that no client sends.
        key.toWellFormed()
      : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return opensEmptyTag(sent) ? slotOfAllBytes(sent) : calculateSlot(sent);
}

/**
 * The keys by their slots, for commands that a cluster takes for one slot only. Both the slots and the keys of each
 * keep the order in which they came, and duplicates stay.
 */
export function groupBySlot(keys: readonly string[]): Map<number, string[]> {
  return grouped(keys, hashSlot);
}

/** The items by what `of` says of each. Both the groups and the items of each keep the order in which they came. */
export function grouped<Item, Group>(items: Iterable<Item>, of: (item: Item) => Group): Map<Group, Item[]> {
  const groups = new Map<Group, Item[]>();
  for (const item of items) {
    const name = of(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * A key that lives in the slot of `tag`: `hashTag(':reviews', 'product:42')` is `{product:42}:reviews`, beside
 * `product:42`. A tag that has a hash tag itself lends that: `hashTag(':name', 'user:{7}')` is `{7}:name`. The key may
 * hold any braces, and different keys stay different.
 *
 * @throws {@link NearCacheError} `ERR_NEAR_OPTION` if no spelling does it: the tag is empty, or has a `}` and no hash tag.
 */
export function hashTag(key: string, tag: string): string {
  const inner = tagInside(tag) ?? tag;
  if (inner === '' || inner.includes('}')) {
    throw new NearCacheError(
      'ERR_NEAR_OPTION',
      `The tag must be a text without "}" that is not empty; received ${JSON.stringify(tag)}.`,
    );
  }
  return `{${inner}}${key}`;
}

function tagInside(key: string): string | undefined {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open + 1);
  return open === -1 || close === -1 || close === open + 1 ? undefined : key.slice(open + 1, close);
}

/** The first `{` decides: followed by `}`, it means that there is no hash tag, whatever comes later. */
function opensEmptyTag(key: string | Buffer): boolean {
  const open = key.indexOf('{');
  return open !== -1 && key.indexOf('{}', open) === open;
}

/**
 * The library looks for another `}` after an empty tag (and makes `{}{tag}` live in the slot of `{tag`), where the server
 * takes all bytes. CRC16 as used here is linear: of two texts of one length, the CRC of their XOR is the XOR of their
 * CRCs. Each `{` is therefore split into two bytes that are none.
 */
function slotOfAllBytes(key: string | Buffer): number {
  const one = Buffer.from(typeof key === 'string' ? key : Uint8Array.from(key));
  const other = Buffer.alloc(one.length);
  for (let at = one.indexOf('{'); at !== -1; at = one.indexOf('{', at)) {
    one[at] = 0xfb;
    other[at] = 0x80;
  }
  return calculateSlot(one) ^ calculateSlot(other);
}
