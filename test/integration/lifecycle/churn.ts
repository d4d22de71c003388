// Everything that a near cache goes through in a long life, at full speed: keys come and go, others write, sessions are
// lost and regained, prefixes are registered and unregistered, readers go away. The heap is measured once per minute of
// that life.
//
// A minute is what happens in one at these rates: 1 000 reads a second, 100 invalidations a second, 10 aborted reads a second,
// a lost session every 10 s, a prefix registered and unregistered every 30 s.

import { type Client, call, type Near, outcome } from '../../support/client.js';
import { discard, type Kind, wrap } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/until.js';
import { heapUsed } from './leftovers.js';

const PER_SECOND = { reads: 1_000, invalidations: 100, aborts: 10 } as const;
/** Between losses of a session. Unit: s. */
const SESSION = 10;
const BATCH = 200;
const MAX_ENTRIES = 2_000;
/** Read often; a fifth of all reads are of keys that nobody has read before. */
const HOT_KEYS = 1_000;

export interface Minute {
  /** After garbage collection. Unit: bytes. */
  readonly heap: number;
  readonly reads: number;
  readonly hits: number;
  readonly invalidations: number;
  readonly sessions: number;
}

export interface ChurnOptions {
  readonly kind: Kind;
  readonly minutes: number;
  /** Part of a minute's operations that are done. */
  readonly scale: number;
  readonly random: () => number;
}

export async function* churn({ kind, minutes, random, scale }: ChurnOptions): AsyncGenerator<Minute> {
  const server = await RedisServer.start();
  const raw = kind.create(server.url);
  const others = kind.create(server.url);
  const redis = wrap(raw, {
    prefixes: ['k:'],
    maxEntries: MAX_ENTRIES,
    heartbeat: 100,
    maxStaleness: 5_000,
    tracking: { name: 'churn', reconnectStrategy: 5 },
  });
  try {
    await Promise.all([redis.connect(), others.connect()]);
    const life = new Life(kind, server, redis, others, random);
    for (let minute = 0; minute < minutes; minute++) yield await life.minute(scale);
  } finally {
    redis.near.close();
    await Promise.all([discard(raw), discard(others)]);
    await server.stop();
  }
}

class Life {
  readonly #kind: Kind;
  readonly #server: RedisServer;
  readonly #redis: Near;
  readonly #others: Client;
  readonly #random: () => number;
  #names = 0;
  #prefixes = 0;

  constructor(kind: Kind, server: RedisServer, redis: Near, others: Client, random: () => number) {
    this.#kind = kind;
    this.#server = server;
    this.#redis = redis;
    this.#others = others;
    this.#random = random;
  }

  async minute(scale: number): Promise<Minute> {
    const sessions = Math.max(1, Math.round((60 / SESSION) * scale));
    const seconds = (60 * scale) / sessions;
    for (let session = 0; session < sessions; session++) {
      await this.#busy(seconds);
      if (session % 3 === 0) await this.#prefix();
      await this.#loseSession();
    }
    const { near } = this.#redis;
    const prefix = near.stats().prefixes['k:'];
    return {
      heap: await heapUsed(),
      reads: (prefix?.hits ?? 0) + (prefix?.misses ?? 0) + (prefix?.coalesced ?? 0) + (prefix?.bypassed ?? 0),
      hits: prefix?.hits ?? 0,
      invalidations: prefix?.invalidations ?? 0,
      sessions: near.stats().tracking[0]?.reconnects ?? 0,
    };
  }

  /** What is done between two losses. */
  async #busy(seconds: number): Promise<void> {
    const batches = Math.ceil((PER_SECOND.reads * seconds) / BATCH);
    const writes = Math.round((PER_SECOND.invalidations * seconds) / batches);
    const aborts = Math.max(1, Math.round((PER_SECOND.aborts * seconds) / batches));
    for (let batch = 0; batch < batches; batch++) {
      const under = Array.from({ length: BATCH }, () => this.#read());
      for (let write = 0; write < writes; write++) under.push(this.#others.set(this.#hotKey(), `${batch}`));
      for (let abort = 0; abort < aborts; abort++) under.push(this.#abort());
      await Promise.all(under);
    }
  }

  #read(): Promise<unknown> {
    const key = this.#key();
    const which = this.#random();
    if (which < 0.1) return this.#redis.mGet([key, this.#key(), this.#hotKey()]);
    if (which < 0.2) return this.#redis.exists(key);
    if (which < 0.25) return this.#redis.exists([key, this.#hotKey()]);
    return this.#redis.get(key);
  }

  /** One waiter goes while another one waits for the same reply. */
  async #abort(): Promise<void> {
    const key = this.#key();
    const controller = new AbortController();
    const gone = outcome(() => this.#kind.withSignal(controller.signal)(this.#redis, 'get', [key]));
    const stays = this.#redis.get(key);
    controller.abort();
    await Promise.all([gone, stays]);
  }

  #key(): string {
    return this.#random() < 0.2 ? `k:never read before: ${this.#names++}` : this.#hotKey();
  }

  #hotKey(): string {
    return `k:${Math.floor(this.#random() * HOT_KEYS)}`;
  }

  /** Within the one that is there, and beside it: the latter starts a new session. */
  async #prefix(): Promise<void> {
    const { near } = this.#redis;
    for (const name of [`k:${this.#prefixes}`, `p${this.#prefixes}:`]) {
      await near.register(name);
      await Promise.all(Array.from({ length: 20 }, (_, at) => this.#redis.get(`${name}${at}`)));
      await near.unregister(name);
    }
    this.#prefixes++;
  }

  async #loseSession(): Promise<void> {
    const before = this.#sessions();
    const list = String(await this.#server.command('CLIENT', 'LIST'));
    const id = /id=(\d+) [^\n]*name=churn /.exec(list)?.[1];
    if (id === undefined) throw new Error('There is no tracking connection.');
    const under = Array.from({ length: BATCH }, () => this.#read());
    await call(this.#others, 'sendCommand', [['CLIENT', 'KILL', 'ID', id]]);
    await Promise.all(under);
    await until(() => this.#sessions() > before && this.#redis.near.state === 'serving', 20_000, 'a session');
  }

  #sessions(): number {
    return this.#redis.near.stats().tracking[0]?.reconnects ?? 0;
  }
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
