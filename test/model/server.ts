// A tiny server: keys with numbered values, a replication history, tracking connections that get pushes. Nothing
// happens by itself: every step is one of the scheduler's.

import { Channel } from './channel.js';

/** What a node sends on a tracking connection. */
export type Told =
  | { readonly kind: 'push'; readonly key: string | null }
  | { readonly kind: 'pong'; readonly offset: number };

/** One write, in the order of the primary. */
export interface Write {
  readonly key: string;
  readonly version: number;
}

/** A push that the server has not written yet: PONGs may overtake it, but no second one. */
interface Pending {
  readonly key: string | null;
  overtaken: boolean;
}

/** A tracking connection as its server sees it. */
export class Tracked {
  readonly toClient = new Channel<Told>();
  readonly #pending: Pending[] = [];

  change(key: string | null): void {
    this.#pending.push({ key, overtaken: false });
  }

  /** Whether there are pushes that the server may write now. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  writePending(): void {
    for (const { key } of this.#pending.splice(0)) this.toClient.send({ kind: 'push', key });
  }

  /** Executes a PING: pushes of before the last one are written first, those of this turn may come after the PONG. */
  ping(offset: number): void {
    while (this.#pending[0]?.overtaken === true) {
      const [first] = this.#pending.splice(0, 1);
      if (first !== undefined) this.toClient.send({ kind: 'push', key: first.key });
    }
    for (const pending of this.#pending) pending.overtaken = true;
    this.toClient.send({ kind: 'pong', offset });
  }
}

export class ModelServer {
  readonly tracked = new Set<Tracked>();
  /** Writes that it has applied. At a primary all there are. */
  offset = 0;
  readonly #data = new Map<string, number>();

  read(key: string): number {
    return this.#data.get(key) ?? 0;
  }

  apply({ key, version }: Write): void {
    this.#data.set(key, version);
    this.offset++;
    for (const connection of this.tracked) connection.change(key);
  }

  /** Everything changed, as far as who listens can know. */
  flush(): void {
    for (const connection of this.tracked) connection.change(null);
  }
}
