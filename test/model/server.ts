// A tiny server: keys with numbered values, a role, tracking connections that get pushes. Nothing happens by itself:
// every step is one of the scheduler's. What it says of itself it says in Redis' own words.

import { hashSlot } from '../../src/routing/slots.js';
import { Channel } from './channel.js';
import type { Key } from './steps.js';

/** What a node sends on a tracking connection. */
export type Told =
  | { readonly kind: 'push'; readonly key: string | null }
  | { readonly kind: 'pong'; readonly answers: readonly unknown[]; readonly rank: number };

/** One write, in the order of the primary. */
export interface Write {
  readonly changes: readonly { readonly key: Key; readonly version: number }[];
  /** What is pushed: the key, `null` for all, nothing. */
  readonly pushes: Key | null | undefined;
  /** The key is gone from this moment on, which is another version; nobody says so. */
  readonly expires?: { readonly at: number; readonly version: number };
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

  /** Answers a PING: pushes of before the last one are written first, those of this turn may come after the PONG. */
  pong(answers: readonly unknown[], rank: number): void {
    while (this.#pending[0]?.overtaken === true) {
      const [first] = this.#pending.splice(0, 1);
      if (first !== undefined) this.toClient.send({ kind: 'push', key: first.key });
    }
    for (const pending of this.#pending) pending.overtaken = true;
    this.toClient.send({ kind: 'pong', answers, rank });
  }

  /** Whether the client is still to hear of a change of `key`. */
  hasNewsOf(key: string): boolean {
    const isNews = (pushed: string | null): boolean => pushed === null || pushed === key;
    if (this.#pending.some((pending) => isNews(pending.key))) return true;
    return this.toClient.waiting.some((told) => told.kind === 'push' && isNews(told.key));
  }
}

interface Held {
  readonly version: number;
  readonly expires: Write['expires'];
}

export class ModelServer {
  readonly tracked = new Set<Tracked>();
  role: 'master' | 'slave';
  readonly slots: Set<number>;
  /** Writes that it has applied. At a primary all there are. */
  offset = 0;
  /** Rises when it becomes something else than it was, which nobody is told without asking. */
  rank = 0;
  readonly #data = new Map<string, Held>();

  constructor(role: 'master' | 'slave', slots: readonly number[]) {
    this.role = role;
    this.slots = new Set(slots);
  }

  has(key: Key): boolean {
    return this.slots.has(hashSlot(key));
  }

  read(key: Key, now: number): { readonly version: number; readonly remaining: number } {
    const held = this.#data.get(key);
    const expires = held?.expires;
    if (expires !== undefined && now >= expires.at)
      return { version: expires.version, remaining: Number.POSITIVE_INFINITY };
    return { version: held?.version ?? 0, remaining: (expires?.at ?? Number.POSITIVE_INFINITY) - now };
  }

  apply({ changes, expires, pushes }: Write): void {
    for (const { key, version } of changes) this.#data.set(key, { version, expires });
    this.offset++;
    if (pushes !== undefined) for (const connection of this.tracked) connection.change(pushes);
  }

  /** A slot with its key comes from another node. */
  take(slot: number, key: Key, from: ModelServer): void {
    const held = from.#data.get(key);
    if (held !== undefined) this.#data.set(key, held);
    this.slots.add(slot);
    from.slots.delete(slot);
    this.rank++;
    from.rank++;
  }

  /** What the questions of `src/tracking` are answered. */
  answer(question: readonly string[]): unknown {
    switch (question.join(' ')) {
      case 'ROLE':
        return this.role === 'master'
          ? ['master', this.offset, []]
          : ['slave', 'host', 1, 'connected', this.offset];
      case 'INFO replication':
        return this.role === 'master'
          ? `role:master\r\nmaster_replid:h\r\nmaster_repl_offset:${this.offset}`
          : `role:slave\r\nmaster_link_status:up\r\nmaster_replid:h\r\nslave_repl_offset:${this.offset}`;
      case 'CLUSTER INFO':
        return 'cluster_state:ok\r\n';
      case 'CLUSTER NODES':
        return `id host:1@1 myself,${this.role} - 0 0 1 connected ${[...this.slots].join(' ')}\n`;
      default:
        throw new Error(`Nobody knows the answer to ${question.join(' ')}.`);
    }
  }
}
