// Reads on their way: who may join one, and which replies must not be stored (rules C1 to C3).

import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';

/** One read of one (key, command, arguments) on its way to a node. */
export class Flight {
  readonly key: string;
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
  /** What those who joined wait for; set by whoever sends the read. */
  reply: Promise<unknown> = NEVER_SENT;

  constructor(
    key: string,
    id: string,
    prefix: Prefix,
    lease: Lease,
    order: number,
    sentAt: number,
    maxTtl: number,
  ) {
    this.key = key;
    this.id = id;
    this.prefix = prefix;
    this.lease = lease;
    this.epoch = lease.epoch;
    this.order = order;
    this.sentAt = sentAt;
    this.maxTtl = maxTtl;
  }
}

const NEVER_SENT: Promise<unknown> = new Promise(() => {});

export class FlightTable {
  /** Only flights that may still be joined and stored; a poisoned one leaves at once. */
  readonly #byKey = new Map<string, Map<string, Flight>>();

  find(key: string, id: string): Flight | undefined {
    return this.#byKey.get(key)?.get(id);
  }

  add(flight: Flight): void {
    const ofKey = this.#byKey.get(flight.key);
    if (ofKey === undefined) this.#byKey.set(flight.key, new Map([[flight.id, flight]]));
    else ofKey.set(flight.id, flight);
  }

  /** The flight has landed or failed. A later flight under the same name stays. */
  remove(flight: Flight): void {
    const ofKey = this.#byKey.get(flight.key);
    if (ofKey === undefined || ofKey.get(flight.id) !== flight) return;
    ofKey.delete(flight.id);
    if (ofKey.size === 0) this.#byKey.delete(flight.key);
  }

  /** @returns whether anything was on its way for `key` */
  poison(key: string): boolean {
    const ofKey = this.#byKey.get(key);
    if (ofKey === undefined) return false;
    this.#byKey.delete(key);
    for (const flight of ofKey.values()) flight.poisoned = true;
    return true;
  }

  poisonWhere(doomed: (flight: Flight) => boolean): void {
    for (const [key, ofKey] of this.#byKey) {
      for (const flight of ofKey.values()) {
        if (!doomed(flight)) continue;
        flight.poisoned = true;
        ofKey.delete(flight.id);
      }
      if (ofKey.size === 0) this.#byKey.delete(key);
    }
  }
}
