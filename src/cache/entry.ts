// What is held for one key: the replies of one or more read commands on it.

import type { Lease } from './lease.js';
import type { Prefix } from './prefix.js';
import { ENTRY_OVERHEAD, REPLY_OVERHEAD, stringBytes, valueBytes } from './size.js';

/** One held reply. `id` is the command with its arguments after the key; `expiresAt` is on the cache's clock. */
export interface Reply {
  readonly id: string;
  readonly value: unknown;
  readonly expiresAt: number;
  readonly bytes: number;
}

export function makeReply(id: string, value: unknown, expiresAt: number): Reply {
  return { id, value, expiresAt, bytes: REPLY_OVERHEAD + stringBytes(id) + valueBytes(value) };
}

export class Entry {
  readonly prefix: Prefix;
  readonly lease: Lease;
  bytes: number;
  /** Most keys are read by one command only: its reply needs no map. */
  #only: Reply | undefined;
  #several: Map<string, Reply> | undefined;

  constructor(key: string, prefix: Prefix, lease: Lease) {
    this.prefix = prefix;
    this.lease = lease;
    this.bytes = ENTRY_OVERHEAD + stringBytes(key);
  }

  find(id: string): Reply | undefined {
    if (this.#only !== undefined) return this.#only.id === id ? this.#only : undefined;
    return this.#several?.get(id);
  }

  add(reply: Reply): void {
    const replaced = this.find(reply.id);
    this.bytes += reply.bytes - (replaced?.bytes ?? 0);
    if (this.#several !== undefined) {
      this.#several.set(reply.id, reply);
    } else if (this.#only === undefined || replaced !== undefined) {
      this.#only = reply;
    } else {
      this.#several = new Map([
        [this.#only.id, this.#only],
        [reply.id, reply],
      ]);
      this.#only = undefined;
    }
  }
}
