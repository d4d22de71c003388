// Commands of several keys on a cluster, which takes them for one slot at a time only: taken apart by slot, sent
// together, and their replies made one again. Knows no nodes and no cache: each part finds its way as every command does.

import { grouped, hashSlot } from '../routing/slots.js';
import type { ClientAdapter } from './adapter.js';
import { isCluster } from './connections/cluster.js';
import type { WireCommand } from './effect.js';
import type { KeySpace } from './keys.js';
import type { Read } from './reads.js';

/** How a command is taken apart and put together. */
interface Shape {
  /** Words per key. */
  readonly step: 1 | 2;
  /** Whether one call per key amounts to the same. */
  readonly singly: boolean;
  /** Makes one reply of several; `parts` has the places of each one's keys among all keys. */
  readonly merge: (replies: readonly unknown[], parts: readonly (readonly number[])[]) => unknown;
}

const COUNT: Shape = { step: 1, singly: true, merge: sum };

const SHAPES: ReadonlyMap<unknown, Shape> = new Map<unknown, Shape>([
  ['MGET', { step: 1, singly: true, merge: byPlace }],
  ['EXISTS', COUNT],
  ['TOUCH', COUNT],
  ['DEL', COUNT],
  ['UNLINK', COUNT],
  // Whoever reads the keys of one slot must not see that only some of them are set.
  ['MSET', { step: 2, singly: false, merge: ([first]) => first }],
]);

/** Sends a command, or a part of one. */
export type Send = (part: Read) => unknown;

export class SlotGroups {
  readonly #keys: KeySpace;

  private constructor(keys: KeySpace) {
    this.#keys = keys;
  }

  /** `undefined` for a client that is no cluster, or whose key prefix is bytes, which can't be taken off again. */
  static of(adapter: ClientAdapter, keys: KeySpace): SlotGroups | undefined {
    return isCluster(adapter.client) && adapter.keyPrefix !== undefined ? new SlotGroups(keys) : undefined;
  }

  /**
   * Sends a command by `send`: as it is, if its keys are in one slot or if it is none of those that can be taken apart,
   * else in one part per slot, all in this turn, so that node-redis writes those of a node together. The first error is
   * the whole's. Keys of a slot that is being moved are asked for one by one where a node wants them again later.
   */
  run(command: Read, send: Send): unknown {
    const shape = command.path.length === 1 ? SHAPES.get(command.wire[0]) : undefined;
    if (shape === undefined || !isDivisible(command, shape)) return send(command);
    const places = keysOf(command, shape).map((key, place) => ({ key, place }));
    const parts = bySlot(places).map((group) => group.map(({ place }) => place));
    return parts.length === 1
      ? this.#patiently(command, shape, send)
      : this.#together(command, shape, parts, send);
  }

  async #together(command: Read, shape: Shape, parts: readonly (readonly number[])[], send: Send) {
    const replies = parts.map((places) => this.#patiently(this.#partOf(command, shape, places), shape, send));
    return shape.merge(await Promise.all(replies), parts);
  }

  /** Keys of one slot. */
  async #patiently(part: Read, shape: Shape, send: Send): Promise<unknown> {
    try {
      return await send(part);
    } catch (error) {
      const count = keysOf(part, shape).length;
      if (!shape.singly || count === 1 || !isTryAgain(error)) throw error;
      const replies: unknown[] = [];
      const parts = Array.from({ length: count }, (_, place) => [place]);
      // One after the other: v4 sends ASKING and the command in two turns, between which another command would use it up.
      for (const places of parts) replies.push(await send(this.#partOf(part, shape, places)));
      return shape.merge(replies, parts);
    }
  }

  /** The same call with some of its keys. */
  #partOf(command: Read, { step }: Shape, places: readonly number[]): Read {
    const { args, rest, wire } = command;
    const words = places.flatMap((place) => wire.slice(1 + place * step, 1 + place * step + step));
    const written = words.map((word, index) => (index % step === 0 ? this.#keys.argument(word) : word));
    return {
      ...command,
      args: [...args.slice(0, args.length - rest.length), written],
      rest: [written],
      wire: [wire[0], ...words],
    };
  }
}

/** The items such that the keys of each group are in one slot, in the order in which they came. */
export function bySlot<T extends { readonly key: unknown }>(items: readonly T[]): readonly (readonly T[])[] {
  return [...grouped(items, ({ key }) => (isText(key) ? hashSlot(key) : undefined)).values()];
}

/** A node has only some of the keys of a slot that is being moved. */
export function isTryAgain(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('TRYAGAIN');
}

/** Whether the client sends this at all: what it refuses, it should refuse as a whole. */
export function isSendable(wire: WireCommand): boolean {
  return wire.every(isText);
}

function isDivisible({ wire }: Read, { step }: Shape): boolean {
  return wire.length > 1 + step && (wire.length - 1) % step === 0 && isSendable(wire);
}

function isText(word: unknown): word is string | Buffer {
  return typeof word === 'string' || Buffer.isBuffer(word);
}

function keysOf({ wire }: Read, { step }: Shape): readonly unknown[] {
  return wire.filter((_, at) => at > 0 && (at - 1) % step === 0);
}

function byPlace(replies: readonly unknown[], parts: readonly (readonly number[])[]): unknown[] {
  const merged: unknown[] = new Array(parts.reduce((count, places) => count + places.length, 0));
  for (const [part, places] of parts.entries()) {
    const values = replies[part] as readonly unknown[];
    for (const [at, place] of places.entries()) merged[place] = values[at];
  }
  return merged;
}

/** In the type that the caller has numbers in. */
function sum(replies: readonly unknown[]): unknown {
  const total = replies.reduce<number>((count, reply) => count + Number(reply), 0);
  return typeof replies[0] === 'string' ? String(total) : total;
}
