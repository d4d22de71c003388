// Reads on their way: who may join one, and which replies must not be stored (rules C1 to C3).

import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';

/** What comes with a read beside its key. */
export interface FlightTerms {
  /** A bound of the reply's life that comes with the command. Unit: ms. */
  readonly maxTtl?: number | undefined;
  /** Further keys that the reply hangs on: a change of any of them is a change of the reply. */
  readonly others?: readonly string[] | undefined;
}

/** One read of one (command, arguments) on its way to a node. */
export class Flight {
  /** The first key, under which the reply is held. */
  readonly key: string;
  readonly others: readonly string[];
  readonly id: string;
  readonly prefix: Prefix;
  readonly lease: Lease;
  /** The lease's epoch when the read was sent: a reply of an older epoch is never stored. */
  readonly epoch: number;
  /** Rises with every read sent. */
  readonly order: number;
  /** When the read was sent: entry lifetimes count from here. Unit: ms on the cache's clock. */
  readonly sentAt: number;
  /** A bound of the entry's life that comes with the command. Unit: ms. */
  readonly maxTtl: number;
  /** Set once the key may have changed since the read was sent: the reply is for those who wait already. */
  poisoned = false;
  /** Another flight of the same key. */
  next: Flight | undefined = undefined;
  /** What those who joined wait for; set by whoever sends the read. */
  reply: Promise<unknown> = NEVER_SENT;

  constructor(
    key: string,
    id: string,
    prefix: Prefix,
    lease: Lease,
    order: number,
    sentAt: number,
    terms: FlightTerms,
  ) {
    this.key = key;
    this.id = id;
    this.prefix = prefix;
    this.lease = lease;
    this.epoch = lease.epoch;
    this.order = order;
    this.sentAt = sentAt;
    this.maxTtl = terms.maxTtl ?? Number.POSITIVE_INFINITY;
    this.others = terms.others ?? NO_OTHERS;
  }
}

const NEVER_SENT: Promise<unknown> = new Promise(() => {});
const NO_OTHERS: readonly string[] = [];

export class FlightTable {
  /** Only flights that may still be joined and stored; a poisoned one leaves at once. By first key; most keys have one. */
  readonly #byKey = new Map<string, Flight>();
  /** The same flights by their further keys. */
  readonly #byOther = new Map<string, Set<Flight>>();

  /** The last one that was sent. Earlier ones of the same name are still to land, and to be poisoned. */
  find(key: string, id: string): Flight | undefined {
    let flight = this.#byKey.get(key);
    while (flight !== undefined && flight.id !== id) flight = flight.next;
    return flight;
  }

  add(flight: Flight): void {
    flight.next = this.#byKey.get(flight.key);
    this.#byKey.set(flight.key, flight);
    for (const other of flight.others) {
      const ofOther = this.#byOther.get(other);
      if (ofOther === undefined) this.#byOther.set(other, new Set([flight]));
      else ofOther.add(flight);
    }
  }

  /** The flight has landed or failed. */
  remove(flight: Flight): void {
    for (const other of flight.others) {
      const ofOther = this.#byOther.get(other);
      if (ofOther?.delete(flight) && ofOther.size === 0) this.#byOther.delete(other);
    }
    this.#unchain(flight);
  }

  #unchain(flight: Flight): void {
    const { key, next } = flight;
    const first = this.#byKey.get(key);
    if (first === flight) {
      if (next === undefined) this.#byKey.delete(key);
      else this.#byKey.set(key, next);
      return;
    }
    for (let before = first; before !== undefined; before = before.next)
      if (before.next === flight) before.next = next;
  }

  /** @returns whether anything was on its way for `key` */
  poison(key: string): boolean {
    const ofKey = this.#byKey.get(key);
    const ofOther = this.#byOther.size === 0 ? undefined : this.#byOther.get(key);
    if (ofKey === undefined && ofOther === undefined) return false;
    for (let flight = ofKey; flight !== undefined; flight = flight.next) this.#poison(flight);
    for (const flight of ofOther ?? []) this.#poison(flight);
    return true;
  }

  poisonWhere(doomed: (flight: Flight) => boolean): void {
    for (const ofKey of this.#byKey.values()) {
      for (let flight: Flight | undefined = ofKey; flight !== undefined; flight = flight.next)
        if (doomed(flight)) this.#poison(flight);
    }
  }

  #poison(flight: Flight): void {
    flight.poisoned = true;
    this.remove(flight);
  }
}
