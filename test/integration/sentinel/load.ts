// Load on a bed that fails over: a writer of rising counters, readers, and clients that read what they wrote. What
// they saw is held against the history of writes, without those that Redis itself has lost.

import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { type Client, call } from '../../support/client.js';
import type { RedisServer } from '../../support/redis-server.js';

const KEYS = ['k:0', 'k:1', 'k:2', 'k:3'];

interface Sighting {
  readonly who: string;
  readonly key: string;
  readonly value: number;
  readonly sentAt: number;
}

export class Load {
  /** By who had them. */
  readonly errors = new Map<string, Set<string>>();
  readonly #sightings: Sighting[] = [];
  /** What a client read right after its write was answered. */
  readonly #ownWrites: { readonly who: string; readonly key: string; written: number; read: number }[] = [];
  readonly #acks: { readonly key: string; readonly value: number; readonly ackedAt: number }[] = [];
  readonly #workers: Promise<void>[] = [];
  #over = false;

  /** Writes all keys in turn. */
  writer(client: Client): void {
    this.#work('writer', async (round) => {
      const key = KEYS[round % KEYS.length] ?? '';
      await write(client, key, round);
      this.#acks.push({ key, value: round, ackedAt: performance.now() });
    });
  }

  reader(who: string, client: Client): void {
    this.#work(who, async (round) => {
      const key = KEYS[round % KEYS.length] ?? '';
      const sentAt = performance.now();
      const value = Number(await client.get(key));
      this.#sightings.push({ who, key, value, sentAt });
    });
  }

  /** Asks again and again without waiting for answers: also while others wait for a primary. */
  knocker(who: string, client: Client): void {
    const errors = this.#errorsOf(who);
    const knock = async (): Promise<void> => {
      const answers: Promise<unknown>[] = [];
      while (!this.#over) {
        answers.push(client.get('k:0').catch((error: unknown) => errors.add(kindOf(error))));
        await delay(5);
      }
      await Promise.all(answers);
    };
    this.#workers.push(knock());
  }

  ownWriter(who: string, client: Client): void {
    const key = `k:own ${who}`;
    this.#work(who, async (round) => {
      await write(client, key, round);
      this.#ownWrites.push({ who, key, written: round, read: Number(await client.get(key)) });
    });
  }

  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#workers);
  }

  get keys(): readonly string[] {
    return KEYS;
  }

  /** What was seen although it had been superseded for longer than `bound`, and own writes that were not seen. */
  async faults(primary: RedisServer, bound: number): Promise<{ stale: unknown[]; unseen: unknown[] }> {
    const kept = new Map<string, Set<number>>();
    for (const key of new Set([...KEYS, ...this.#ownWrites.map((each) => each.key)])) {
      const log = (await primary.command('LRANGE', `log of ${key}`, '0', '-1')) as string[];
      kept.set(key, new Set(log.map(Number)));
    }
    const acks = this.#acks.filter(({ key, value }) => kept.get(key)?.has(value));
    const stale = this.#sightings.filter(({ key, sentAt, value }) => {
      const known = acks.findLast((ack) => ack.key === key && ack.ackedAt <= sentAt - bound);
      return known !== undefined && value < known.value;
    });
    const unseen = this.#ownWrites.filter(
      ({ key, read, written }) => read < written && kept.get(key)?.has(written) === true,
    );
    return { stale, unseen };
  }

  #errorsOf(who: string): Set<string> {
    const errors = this.errors.get(who) ?? new Set();
    this.errors.set(who, errors);
    return errors;
  }

  #work(who: string, step: (round: number) => Promise<void>): void {
    const errors = this.#errorsOf(who);
    const run = async (): Promise<void> => {
      for (let round = 1; !this.#over; round++) {
        await step(round).catch((error: unknown) => errors.add(kindOf(error)));
        // Who is answered from memory, or fails at once, must let others have their turn.
        await turn();
      }
    };
    this.#workers.push(run());
  }
}

/** As one transaction with a note of it: Redis loses both or none. */
async function write(client: Client, key: string, value: number): Promise<void> {
  const multi = client.multi().set(key, `${value}`);
  call(multi, 'rPush', [`log of ${key}`, `${value}`]);
  await multi.exec();
}

/** What a client says whose connection ended. */
export const LOST = 'a lost connection';

/** How a socket ends is chance: who loses a connection may hear of it in several words. */
function kindOf(error: unknown): string {
  const text = String(error);
  return /ECONNRESET|EPIPE|ECONNREFUSED|Socket closed|socket hang up/.test(text) ? LOST : text;
}
