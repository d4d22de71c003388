// What the processes of a soak do all the time: they read by several commands, write keys of their own, and have every
// reply judged.

import { type Client, call, type Near } from '../support/client.js';
import type { Asked, History, Sent, Verdict, View } from './history.js';
import type { LiveKeys } from './live-keys.js';
import { pause, some } from './soak-bed.js';

/** A reply, and who got it by which command. */
export interface Reply {
  readonly asked: Asked;
  readonly version: number;
  readonly by: string;
}

/** What a load tells of. */
export interface LoadObserver {
  judged(reply: Reply, verdict: Verdict): void;
  wrote(): void;
  /** A command failed, as clients do under such faults. */
  failed(): void;
}

export interface LoadOptions {
  readonly history: History;
  readonly keys: LiveKeys;
  readonly random: () => number;
  readonly observer: LoadObserver;
  /** Loops go on for as long as these say. */
  readonly isReading: () => boolean;
  readonly isWriting: () => boolean;
}

type Write = (client: Client, key: string, value: string) => Promise<unknown>;

const SCRIPT = "return redis.call('SET', KEYS[1], ARGV[1])";

const set: Write = (client, key, value) => client.set(key, value);
const inScript: Write = async (client, key, value) =>
  call(client, 'eval', [SCRIPT, { keys: [key], arguments: [value] }]);
const inTransaction: Write = (client, key, value) => client.multi().set(key, value).exec();
const WRITES: readonly Write[] = [set, set, set, inScript, inTransaction];

/** One writer without a cache, of one group of keys, with so many ms between two writes. */
export async function writeAlone(
  client: Client,
  group: string,
  options: LoadOptions,
  gap: number,
): Promise<void> {
  while (options.isWriting()) {
    await write(client, some(options.keys.of(group), options.random), set, options);
    await pause(gap);
  }
}

/** @returns what was acknowledged; a key whose write failed is given up */
async function write(
  client: Client,
  key: string,
  how: Write,
  { history, keys, observer }: LoadOptions,
): Promise<Sent | undefined> {
  const sent = history.sending(key, performance.now());
  try {
    await how(client, key, String(sent.version));
  } catch {
    keys.giveUp(key);
    observer.failed();
    return undefined;
  }
  history.acknowledged(sent, performance.now());
  observer.wrote();
  return sent;
}

/** One process: all of its loops share one near cache, and what one of them has seen binds the others. */
export class ReaderLoad {
  readonly #near: Near;
  readonly #name: string;
  readonly #options: LoadOptions;
  readonly #view: View;

  constructor(near: Near, name: string, options: LoadOptions) {
    this.#near = near;
    this.#name = name;
    this.#options = options;
    this.#view = options.history.view();
  }

  /** @param own the group of keys that it writes itself */
  loops(own: string): Promise<void>[] {
    return [this.#read(own), this.#read(own), this.#readMany(), this.#writeOwn(own)];
  }

  /** Looks at once at what is in memory. */
  peek(key: string): void {
    const held = this.#near.near.peek(key);
    if (held !== undefined) this.#judge(this.#asking(key), held, 'peek');
  }

  async #read(own: string): Promise<void> {
    const { isReading, keys, random } = this.#options;
    while (isReading()) {
      for (let reads = 0; reads < 20; reads++) {
        // What is being written by this very process is where most can go wrong.
        const key = some(random() < 0.2 ? keys.of(own) : keys.all, random);
        const chance = random();
        if (chance < 0.88) await this.#one(key, 'get', (client) => client.get(key));
        else if (chance < 0.98) await this.#one(key, 'getRange', (client) => client.getRange(key, 0, -1));
        else await this.#one(key, 'multi', async (client) => (await client.multi().get(key).exec())[0]);
      }
      await pause(1);
    }
  }

  async #readMany(): Promise<void> {
    const { isReading, keys, random } = this.#options;
    while (isReading()) {
      await this.#several(Array.from({ length: 5 }, () => some(keys.all, random)));
      await pause(5);
    }
  }

  /** Writes, then reads back at once by every command. */
  async #writeOwn(group: string): Promise<void> {
    const { isWriting, keys, random } = this.#options;
    while (isWriting()) {
      const key = some(keys.of(group), random);
      const sent = await write(this.#near, key, some(WRITES, random), this.#options);
      if (sent !== undefined) {
        this.#view.wrote(sent);
        this.peek(key);
        await Promise.all([
          this.#one(key, 'get', (client) => client.get(key)),
          this.#one(key, 'getRange', (client) => client.getRange(key, 0, -1)),
          this.#several([key, some(keys.all, random)]),
        ]);
      }
      await pause(2);
    }
  }

  async #one(key: string, by: string, read: (client: Client) => Promise<unknown>): Promise<void> {
    const asked = this.#asking(key);
    try {
      this.#judge(asked, await read(this.#near), by);
    } catch {
      this.#options.observer.failed();
    }
  }

  async #several(keys: readonly string[]): Promise<void> {
    const asked = keys.map((key) => this.#asking(key));
    try {
      const values = await this.#near.mGet(keys);
      for (const [index, each] of asked.entries()) this.#judge(each, values[index], 'mGet');
    } catch {
      this.#options.observer.failed();
    }
  }

  #asking(key: string): Asked {
    return this.#view.asking(key, performance.now());
  }

  #judge(asked: Asked, value: unknown, by: string): void {
    const version = Number(value ?? 0);
    const verdict = this.#view.answered(asked, version);
    this.#options.observer.judged({ asked, version, by: `${by} of ${this.#name}` }, verdict);
  }
}
