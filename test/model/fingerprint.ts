// Names a state of the world by a number, so that a search knows where it has been. Two states with the same name behave
// alike from there on, whatever way led to them.
//
// Everything reachable from the world counts, the core's private fields included: the bundle makes those readable
// (bundle.ts). Left out is what no decision depends on (counters for statistics, round trips). Numbers that are moments or
// orders of reads count by their rank among the others, because the core only compares them; but where durations matter (time
// passes, keys expire, leases are short) moments count by their distance from now.

import type { Scenario } from './steps.js';
import { BEGIN, type World } from './world.js';

/** Statistics, settings, and what the rest of the state decides. */
const IGNORED: ReadonlySet<string> = new Set([
  ...[
    '_scenario',
    '_settings',
    '_observer',
    '_clock',
    '_rules',
    '_prefixes',
    'prefixes',
    'prefix',
    '_prefix',
  ],
  ...['flushes', 'evictions', 'rtt', 'smoothRtt', '_maxStaleness', '_ttl', 'reply', 'bytes', '_hot'],
  ...['watches', 'keyExpiresAt'],
]);
/** Where no duration matters, neither do the moments that only serve to measure one. */
const DURATIONS: ReadonlySet<string> = new Set(['sentAt', 'expiresAt', 'startedAt', '_time', 'at']);
/** Numbers of reads: only compared with each other. */
const ORDERS: ReadonlySet<string> = new Set(['order', 'floor', '_departures']);

/**
 * 53 bits. That two of a million states get the same name, and one of them is not gone on from, has a probability of about
 * one in 18 000.
 */
export function fingerprint(world: World, scenario: Scenario): number {
  return new Walk(measures(scenario)).nameOf(world);
}

/** Whether durations matter: else the scenario is over before anything could run out. */
function measures({ actors, maxStaleness }: Scenario): boolean {
  const has = actors.some((steps) => steps.some((step) => 'time' in step || 'after' in step));
  return has || maxStaleness < 500;
}

class Walk {
  readonly #exact: boolean;
  /** What the walk has come across: numbers, and the numbers of words. */
  readonly #parts: number[] = [];
  readonly #met = new Map<object, number>();
  /** Where in the parts moments and orders stand. */
  readonly #moments: number[] = [];
  readonly #orders: number[] = [];
  #now = 0;

  constructor(exact: boolean) {
    this.#exact = exact;
  }

  nameOf(world: World): number {
    this.#now = Number(Reflect.get(world, '_time'));
    if (Number.isNaN(this.#now)) throw new Error('Private fields cannot be read: is this the bundle?');
    this.#addObject(world);
    this.#rank(this.#moments);
    this.#rank(this.#orders);
    return hashOf(this.#parts);
  }

  #add(name: string, value: unknown): void {
    if (typeof value === 'object' && value !== null) this.#addObject(value);
    else if (typeof value !== 'number' || !Number.isInteger(value))
      this.#parts.push(wordOf(typeof value === 'string' ? value : String(value)));
    else if (ORDERS.has(name)) this.#orders.push(this.#parts.push(value) - 1);
    else if (value < BEGIN) this.#parts.push(value);
    else if (this.#exact) this.#parts.push(value - this.#now + BEGIN);
    else this.#moments.push(this.#parts.push(value) - 1);
  }

  #addObject(object: object): void {
    const met = this.#met.get(object);
    if (met !== undefined) {
      this.#parts.push(SEEN, met);
      return;
    }
    this.#parts.push(OPEN);
    this.#met.set(object, this.#met.size);
    if (Array.isArray(object)) for (const item of object) this.#add('', item);
    else if (object instanceof Map) this.#addMap(object);
    else if (object instanceof Set) for (const item of sorted(object)) this.#add('', item);
    else if (object.constructor.name === 'Store') this.#addStore(object as Peekable);
    else if (object.constructor.name !== 'Prefix') this.#addFields(object);
    this.#parts.push(CLOSE);
  }

  #addFields(object: object): void {
    for (const name of fieldsOf(object)) {
      const value: unknown = Reflect.get(object, name);
      if (name === 'epoch') this.#addEpoch(object, value);
      else if (this.#exact) this.#add(name, value);
      else if (name === 'serveUntil') this.#add('', value !== Number.NEGATIVE_INFINITY);
      else if (!DURATIONS.has(name)) this.#add(name, value);
    }
  }

  /** That of a lease is only ever compared with that of its flights. */
  #addEpoch(object: object, epoch: unknown): void {
    const lease: unknown = Reflect.get(object, 'lease');
    if (typeof lease === 'object' && lease !== null) this.#add('', Reflect.get(lease, 'epoch') === epoch);
  }

  #addMap(map: ReadonlyMap<unknown, unknown>): void {
    for (const key of sorted(map.keys())) {
      this.#add('', key);
      this.#add('', map.get(key));
    }
  }

  /** Recency does not matter: there is room for all. */
  #addStore(store: Peekable): void {
    for (const key of ['a', 'b']) this.#add('', store.peek(key));
  }

  #rank(places: readonly number[]): void {
    const parts = this.#parts;
    const values = [...new Set(places.map((place) => parts[place] ?? 0))].sort((a, b) => a - b);
    for (const place of places) parts[place] = values.indexOf(parts[place] ?? 0);
  }
}

interface Peekable {
  peek(key: string): unknown;
}

/** By class: the fields that count. Objects of a class all have the same. */
const FIELDS = new Map<object, readonly string[]>();

function fieldsOf(object: object): readonly string[] {
  const prototype: object = Object.getPrototypeOf(object);
  const known = FIELDS.get(prototype);
  if (known !== undefined) return known;
  const fields = Object.keys(object).filter(
    (name) => !IGNORED.has(name) && typeof Reflect.get(object, name) !== 'function',
  );
  if (prototype !== Object.prototype) FIELDS.set(prototype, fields);
  return fields;
}

/** In an order that does not depend on how it came about. */
function sorted(some: Iterable<unknown>): unknown[] {
  const items = [...some];
  if (items.length < 2) return items;
  const order = (item: unknown): number | string => {
    if (typeof item !== 'object' || item === null) return String(item);
    return Number(Reflect.get(item, 'order') ?? 0);
  };
  return items.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
}

/** Words get numbers of their own, which no number in a state is as large as. */
const WORDS = new Map<string, number>();
const FIRST_WORD = 1 << 30;

function wordOf(text: string): number {
  const known = WORDS.get(text);
  if (known !== undefined) return known;
  const word = FIRST_WORD + WORDS.size;
  WORDS.set(text, word);
  return word;
}

const SEEN = wordOf('(seen)');
const OPEN = wordOf('(');
const CLOSE = wordOf(')');

/** 53 bits. Source: cyrb53. */
export function hashOf(numbers: readonly number[]): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (const number of numbers) {
    high = Math.imul(high ^ number, 2654435761);
    low = Math.imul(low ^ number, 1597334677);
    // So that high bits of a number reach low ones of the name.
    high ^= high >>> 15;
    low ^= low >>> 13;
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
