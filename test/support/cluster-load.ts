// Readers and writers on a cluster while things happen to it: several processes (wrapped clients of all majors), bare
// clients beside them to compare with, and a record of what everybody saw.

import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterBed } from './beds/cluster-bed.js';
import { type Client, call, type Near } from './client.js';
import {
  bareCluster,
  closeAll,
  MAJORS,
  nearCluster,
  PATIENCE,
  PREFIX,
  rawOf,
  TIMING,
} from './cluster-rig.js';
import { CounterHistory } from './counter-history.js';
import type { Major } from './topologies.js';
import { until } from './until.js';

interface Seen {
  readonly key: string;
  /** When the read was asked for. */
  readonly at: number;
  readonly answeredAt: number;
  readonly value: number;
}

/** One client, and what it was told. */
export interface Participant {
  readonly name: string;
  readonly major: Major;
  readonly client: Client;
  readonly near: Near | undefined;
  /** Its `maxStaleness`. */
  readonly lease: number;
  readonly seen: Seen[];
  /** Kinds of errors. */
  readonly errors: Map<string, number>;
  /** Own writes that were acknowledged and then not read, although Redis had them. */
  readonly lostWrites: string[];
}

export interface Findings {
  /** The worst that a reader was told, ms. */
  readonly staleness: number;
  readonly stalest: string;
  /** Steps back of a key that Redis has not lost anything of. */
  readonly backwards: readonly string[];
}

const PAUSE = 15;

/** Options of a client that leaves a silent node, and asks the others who has its slots. */
const RESTLESS = {
  defaults: { socket: { socketTimeout: 500, connectTimeout: 500, reconnectStrategy: 50 } },
  topologyRefreshOnReconnectionAttemptStrategy: 50,
};

const count = (value: string | null): number => Number(value ?? 0);

export class ClusterLoad {
  readonly keys: readonly string[];
  readonly history = new CounterHistory();
  readonly participants: readonly Participant[];
  readonly #writer: Client;
  readonly #loops: Promise<void>[] = [];
  #writing = true;
  #reading = true;

  private constructor(keys: readonly string[], participants: readonly Participant[], writer: Client) {
    this.keys = keys;
    this.participants = participants;
    this.#writer = writer;
    for (const key of keys) {
      this.#loops.push(this.#write(key));
      for (const each of participants) {
        this.#loops.push(this.#read(each, key, () => each.client.get(key)));
        // Another reply of the same key, which may be of another age.
        if (each.near !== undefined)
          this.#loops.push(this.#read(each, key, () => each.client.getRange(key, 0, -1)));
      }
    }
    for (const each of participants) this.#loops.push(...keys.slice(0, 6).map((key) => this.#own(each, key)));
  }

  /** Wrapped clients of all majors, and one that reads from replicas if told so; a bare one for each. */
  static async start(bed: ClusterBed, { keys = 12, replicas = false } = {}): Promise<ClusterLoad> {
    const names = Array.from({ length: keys }, (_, index) => `${PREFIX}load:${run}:${index}`);
    run++;
    const participants: Participant[] = [];
    const join = (name: string, major: Major, client: Client, near?: Near, lease = 0): void => {
      participants.push({ name, major, client, near, lease, seen: [], errors: new Map(), lostWrites: [] });
    };
    for (const major of MAJORS) {
      // One whose lease outlives a takeover.
      const timing = major === 5 ? { heartbeat: 1_000, maxStaleness: 5_000 } : TIMING;
      const near = await nearCluster(major, bed, timing);
      join(`v${major}`, major, near, near, timing.maxStaleness);
      join(`bare v${major}`, major, await bareCluster(major, bed));
    }
    if (replicas) {
      const near = await nearCluster(6, bed, { routing: { reads: 'replicas', maxLag: 450 } });
      join('v6 replicas', 6, near, near, TIMING.maxStaleness);
    }
    return new ClusterLoad(names, participants, await bareCluster(6, bed, RESTLESS));
  }

  /** Waits until so many more writes were acknowledged: time for things to go wrong, whatever the machine. */
  async writes(more: number): Promise<void> {
    const goal = this.history.size + more;
    await until(() => this.history.size >= goal, PATIENCE, `${more} writes`);
  }

  get wrapped(): Participant[] {
    return this.participants.filter(({ near }) => near !== undefined);
  }

  /** The writers end first: what is held then has to become what Redis holds. */
  stopWriting(): void {
    this.#writing = false;
  }

  /**
   * Waits until everything held equals Redis, and every process holds every key again that its client can read at all.
   * @returns the ms that took
   */
  async agreed(): Promise<number> {
    const start = performance.now();
    await this.#untilNone(
      'held entries to equal Redis',
      (held, value) => held !== undefined && held !== value,
    );
    await this.#untilNone('every key to be held', (held, value) => held !== value);
    return performance.now() - start;
  }

  async #untilNone(what: string, isWrong: (held: unknown, value: unknown) => boolean): Promise<void> {
    let wrong: string[] = [];
    const areRight = async (): Promise<boolean> => {
      wrong = [];
      const values = await this.#values();
      if (values === undefined) return false;
      for (const { name, near } of this.wrapped) {
        for (const [index, key] of this.keys.entries()) {
          const held = near?.near.peek(key);
          if (near === undefined || !isWrong(held, values[index])) continue;
          if (held === undefined && !(await canRead(near, key))) continue;
          wrong.push(`${name}: ${key} is ${held}, not ${values[index]}`);
        }
      }
      return wrong.length === 0;
    };
    await until(areRight, PATIENCE, what).catch((cause: unknown) => {
      throw new Error(`${wrong.join('; ')}\n${this.#situation()}`, { cause });
    });
  }

  /** What Redis holds; `undefined` while the client is still learning the topology. */
  async #values(): Promise<(string | null)[] | undefined> {
    try {
      return await Promise.all(this.keys.map((key) => this.#writer.get(key)));
    } catch {
      return undefined;
    }
  }

  /** Who tracks what, and who waits for answers. */
  #situation(): string {
    const now = performance.now();
    const rows = this.participants.map(({ name, near, seen }) => {
      const tracked =
        near?.near.stats().tracking.map(({ node, role, state }) => `${node} ${role} ${state}`) ?? [];
      const silent = this.keys.filter((key) => {
        const last = seen.findLast((each) => each.key === key);
        return last === undefined || last.answeredAt < now - 1_000;
      });
      return `${name}: unanswered ${silent.join() || 'none'}; ${tracked.join(', ')}`;
    });
    return rows.join('\n');
  }

  /** Ends the readers. Nobody may hang. */
  async stop(): Promise<void> {
    this.#writing = false;
    this.#reading = false;
    let ended = false;
    const all = Promise.all(this.#loops).then(() => {
      ended = true;
    });
    await Promise.race([all, until(() => ended, PATIENCE, 'every read and write to be answered')]);
  }

  async close(): Promise<void> {
    this.#writing = false;
    this.#reading = false;
    await closeAll(this.#writer, ...this.participants.map(({ client }) => client));
  }

  findings({ seen, name }: Participant): Findings {
    let staleness = 0;
    let stalest = '';
    for (const { at, key, value } of seen) {
      const stale = this.history.staleness(key, value, at);
      if (stale <= staleness) continue;
      staleness = stale;
      stalest = `${name}: ${key} was ${value} at ${at.toFixed()}`;
    }
    const backwards = this.keys
      .flatMap((key) => stepsBack(seen.filter((each) => each.key === key)))
      .filter(({ from }) => !this.history.lostAfter(from.key, from.value, from.answeredAt))
      .map(({ from, to }) => {
        const [was, is] = [
          `${from.value} at ${from.answeredAt.toFixed()}`,
          `${to.value} at ${to.at.toFixed()}`,
        ];
        return `${name}: ${from.key} was ${was}, then ${is}`;
      });
    return { staleness, stalest, backwards };
  }

  // --- what goes on meanwhile ------------------------------------------------------------------------------

  async #write(key: string): Promise<void> {
    while (this.#writing) {
      const sentAt = performance.now();
      try {
        this.history.written(key, sentAt, Number(await call(this.#writer, 'incr', [key])));
      } catch {
        this.history.failed(key);
      }
      await delay(PAUSE * (1 + Math.random() * 4));
    }
  }

  async #read(participant: Participant, key: string, read: () => Promise<string | null>): Promise<void> {
    while (this.#reading) {
      const at = performance.now();
      try {
        const value = count(await answered(participant, read()));
        participant.seen.push({ key, at, answeredAt: performance.now(), value });
      } catch (error) {
        note(participant, error);
      }
      await delay(PAUSE);
    }
  }

  /** Writes keys that nobody else writes, and reads them. */
  async #own(participant: Participant, name: string): Promise<void> {
    const { client, lostWrites } = participant;
    const key = `${name}:${participant.name}`;
    for (let value = 1; this.#writing; value++) {
      try {
        await answered(participant, client.set(key, `${value}`));
        const read = count(await answered(participant, client.get(key)));
        // A failover may have lost it; then others miss it too.
        if (read < value && count(await this.#writer.get(key)) >= value)
          lostWrites.push(`${participant.name}: ${key} is ${read}, not ${value}`);
      } catch (error) {
        note(participant, error);
      }
      await delay(PAUSE * 2);
    }
  }
}

let run = 0;

/** Asks anew, past the readers, which may wait for an answer that never comes; v4 may not find a node again at all. */
async function canRead(redis: Near, key: string): Promise<boolean> {
  redis.get(key).catch(() => {});
  const answer = rawOf(redis).get(key);
  return Promise.race([answer.then(() => true), delay(WAIT, false)]).catch(() => false);
}

/** How long anybody waits for an answer. v4 loses commands: these are never answered, by bare clients neither. Unit: ms. */
const WAIT = 5_000;

/** Goes on without an answer after a while. One that comes late after all is no error: a busy machine makes them. */
async function answered<T>(participant: Participant, reply: Promise<T>): Promise<T> {
  const patience = new AbortController();
  const late = delay(WAIT, undefined, patience).then((): never => {
    const cameLate = (): void => forget(participant, NEVER_ANSWERED);
    reply.then(cameLate, cameLate);
    throw NEVER_ANSWERED;
  });
  late.catch(() => {});
  try {
    return await Promise.race([reply, late]);
  } finally {
    patience.abort();
  }
}

const NEVER_ANSWERED = new Error('never answered');

/** Reads of one key that were asked for after a newer value had been read. */
function stepsBack(seen: readonly Seen[]): { readonly from: Seen; readonly to: Seen }[] {
  const asked = [...seen].sort((a, b) => a.at - b.at);
  const answers = [...seen].sort((a, b) => a.answeredAt - b.answeredAt);
  const steps: { from: Seen; to: Seen }[] = [];
  let index = 0;
  let newest: Seen | undefined;
  for (const to of asked) {
    for (let next = answers[index]; next !== undefined && next.answeredAt <= to.at; next = answers[++index])
      if (newest === undefined || next.value >= newest.value) newest = next;
    if (newest === undefined || to.value >= newest.value) continue;
    steps.push({ from: newest, to });
    // Each step counts once.
    newest = to;
  }
  return steps;
}

function note({ errors }: Participant, error: unknown): void {
  const kind = kindOf(error);
  errors.set(kind, (errors.get(kind) ?? 0) + 1);
}

function forget({ errors }: Participant, error: unknown): void {
  const kind = kindOf(error);
  const rest = (errors.get(kind) ?? 0) - 1;
  if (rest > 0) errors.set(kind, rest);
  else errors.delete(kind);
}

/** The code of the server's, or the class of the client's; all that a broken connection brings is one kind. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const name = error.constructor.name;
  const isOfSocket = typeof Reflect.get(error, 'code') === 'string' || OF_SOCKETS.includes(name);
  const [code] = /^[A-Z]{3,}\b/.exec(error.message) ?? [];
  return isOfSocket ? 'connection' : (code ?? `${name}: ${error.message}`);
}

const OF_SOCKETS = ['SocketClosedUnexpectedlyError', 'DisconnectsClientError'];
