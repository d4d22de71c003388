// A real server with any number of real tracking connections, one writer, and what that costs the server: CPU seconds of its
// main thread and bytes on the wire, never time, because other work on the machine changes time.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RedisServer } from '../redis-server.js';
import { until } from '../until.js';
import { encode, RawConnection } from './raw-connection.js';

/** What a server is made to do. */
export interface Load {
  /** Tracking connections. */
  readonly trackers: number;
  /** Prefixes of each of them that the keys of the load begin with, in turn. With 0, nothing is pushed. */
  readonly prefixes: number;
  /** Prefixes of each of them that no key begins with. */
  readonly idlePrefixes: number;
  /** Writes that the server finds in one turn of its event loop. */
  readonly batch: number;
  /** Connections that send the writes of a turn, each as many. */
  readonly writers: number;
  /** Unit: bytes. */
  readonly keyLength: number;
  readonly noLoop: boolean;
  /** `'GET'` reads the keys instead. */
  readonly command: 'SET' | 'GET';
}

/** What one write cost, with all that follows from it. */
export interface Cost {
  /** CPU of the main thread of the server that is tracked. Unit: µs. */
  readonly cpu: number;
  /** The same of the server that is written to: another one if its replica is tracked. Unit: µs. */
  readonly writtenCpu: number;
  /** What the tracked server sent to one tracking connection; 0 without any. Unit: bytes. */
  readonly bytes: number;
  /** What the server that is written to sent to its replicas. Unit: bytes. */
  readonly replicationBytes: number;
}

const KEYS = 4_096;
const NOTHING = Buffer.alloc(0);
const SLEEP = Buffer.from(encode(['DEBUG', 'SLEEP', '0.002']));
const VALUE = 'x'.repeat(16);
/** Unit: bytes. */
const REPLY = { SET: '+OK\r\n'.length, GET: `$16\r\n${VALUE}\r\n`.length };
/** What may be under way to one tracking connection before the writer waits for it. Unit: bytes. */
const UNDER_WAY = 16 * 1_024;

export class TrackingLoad {
  readonly #server: RedisServer;
  readonly #tracked: RedisServer;
  readonly #trackers: ChildProcess;
  readonly #writer: RawConnection;
  readonly #statistics: readonly [written: RawConnection, tracked: RawConnection];
  /** Writers beside the first. */
  readonly #others: RawConnection[] = [];
  /** What the trackers have received since they were opened. Unit: bytes. */
  #received = 0;

  private constructor(
    server: RedisServer,
    tracked: RedisServer,
    trackers: ChildProcess,
    writer: RawConnection,
    statistics: readonly [RawConnection, RawConnection],
  ) {
    this.#server = server;
    this.#tracked = tracked;
    this.#trackers = trackers;
    this.#writer = writer;
    this.#statistics = statistics;
  }

  /** @param tracked the server itself or a replica of it, in sync */
  static async start(server: RedisServer, tracked: RedisServer = server): Promise<TrackingLoad> {
    const trackers = fork(fileURLToPath(new URL('./trackers.mjs', import.meta.url)), { execArgv: [] });
    const [writer, written, watched] = await Promise.all([
      RawConnection.open(server.port),
      RawConnection.open(server.port),
      RawConnection.open(tracked.port),
    ]);
    return new TrackingLoad(server, tracked, trackers, writer, [written, watched]);
  }

  async stop(): Promise<void> {
    this.#writer.destroy();
    for (const connection of [...this.#others, ...this.#statistics]) connection.destroy();
    const gone = once(this.#trackers, 'exit');
    this.#trackers.disconnect();
    await gone;
  }

  /** Opens the tracking connections of a load, in place of those of the one before. */
  async open(load: Load): Promise<void> {
    const { trackers, prefixes: used, idlePrefixes, noLoop } = load;
    const prefixes = Array.from({ length: idlePrefixes }, (_, at) => `idle:${at}:`);
    for (let at = 0; at < used; at++) prefixes.push(`p${at}:`);
    const tracking = ['CLIENT', 'TRACKING', 'ON', 'BCAST', ...(noLoop ? ['NOLOOP'] : [])];
    for (const prefix of prefixes) tracking.push('PREFIX', prefix);
    const command = encode(['HELLO', '3']) + encode(tracking);
    await this.#ask({ kind: 'open', port: this.#tracked.port, trackers, command });
    this.#received = 0;
    if (load.command === 'SET') return;
    const batch = 256;
    const sets = batchesOf({ ...load, batch, command: 'SET' });
    for (const each of sets) await this.#writer.send(each, REPLY.SET * batch);
  }

  /** Plays a load, whose connections are open, until it has taken about so much CPU. Unit: µs. */
  async measure(load: Load, cpu: number): Promise<Cost> {
    const first = await this.play(load, Math.max(2, Math.ceil(32 / load.batch)));
    const perTurn = Math.max(first.cpu, first.writtenCpu) * load.batch;
    return this.play(load, Math.max(5, Math.min(20_000, Math.round(cpu / perTurn))));
  }

  /** Plays a load, whose connections are open, for so many turns. */
  async play(load: Load, turns: number): Promise<Cost> {
    const { batch, command, keyLength, prefixes, trackers } = load;
    const batches = batchesOf(load);
    const parts = batchesOf({ ...load, batch: batch / load.writers });
    // A replica takes what it finds, so of its messages only the keys are known beforehand.
    const pushed = this.#isReplica ? batch * keyBytes(keyLength) : pushBytes(batch, keyLength, prefixes);
    const hears = prefixes > 0 && trackers > 0 && command === 'SET';
    const before = await this.#spent();
    let underWay = 0;
    for (let turn = 0; turn < turns; turn++) {
      if (load.writers > 1) await this.#together(load, parts, turn);
      else await this.#writer.send(batches[turn % batches.length] ?? NOTHING, REPLY[command] * batch);
      if (!hears) continue;
      underWay += pushed;
      if (underWay < UNDER_WAY && turn < turns - 1) continue;
      this.#received = await this.#ask({ kind: 'expect', bytes: this.#received + underWay * trackers });
      underWay = 0;
    }
    if (this.#isReplica) await this.#replicated();
    const after = await this.#spent();
    const writes = turns * batch;
    const replies = (this.#isReplica ? 0 : REPLY[command] * writes) + before.replyBytes;
    return {
      cpu: (1e6 * (after.cpu - before.cpu)) / writes,
      writtenCpu: (1e6 * (after.writtenCpu - before.writtenCpu)) / writes,
      bytes: hears ? (after.bytes - before.bytes - replies) / writes / trackers : 0,
      replicationBytes: (after.replicationBytes - before.replicationBytes) / writes,
    };
  }

  /** All writers' parts while the server sleeps, so that it finds them together. */
  async #together({ batch, command, writers }: Load, parts: readonly Buffer[], turn: number): Promise<void> {
    while (this.#others.length < writers) this.#others.push(await RawConnection.open(this.#server.port));
    const replyBytes = (REPLY[command] * batch) / writers;
    await Promise.all([
      this.#writer.send(SLEEP, '+OK\r\n'.length),
      ...this.#others
        .slice(0, writers)
        .map((other, at) => other.send(parts[(turn * writers + at) % parts.length] ?? NOTHING, replyBytes)),
    ]);
  }

  get #isReplica(): boolean {
    return this.#tracked !== this.#server;
  }

  async #spent() {
    const [written, tracked] = await Promise.all(this.#statistics.map((each) => each.bulk('INFO')));
    const of = (text = '', name = ''): number =>
      Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1]);
    const cpu = (text?: string): number =>
      of(text, 'used_cpu_user_main_thread') + of(text, 'used_cpu_sys_main_thread');
    return {
      cpu: cpu(tracked),
      writtenCpu: cpu(written),
      bytes: of(tracked, 'total_net_output_bytes'),
      replicationBytes: of(written, 'total_net_repl_output_bytes'),
      replyBytes: (written?.length ?? 0) * (this.#isReplica ? 0 : 1) + (tracked?.length ?? 0),
    };
  }

  async #replicated(): Promise<void> {
    const [primary, replica] = this.#statistics;
    const offset = async (connection: RawConnection, name: string): Promise<string | undefined> =>
      new RegExp(`^${name}:(\\d+)`, 'm').exec(await connection.bulk('INFO', 'replication'))?.[1];
    const goal = await offset(primary, 'master_repl_offset');
    await until(async () => Number(await offset(replica, 'slave_repl_offset')) >= Number(goal), 30_000);
  }

  /** @returns what the trackers have received */
  async #ask(message: object): Promise<number> {
    const answered = once(this.#trackers, 'message');
    this.#trackers.send(message);
    const [{ received }] = (await answered) as [{ received: number }];
    return received;
  }
}

/** One key in a push. Unit: bytes. */
function keyBytes(length: number): number {
  return `$${length}\r\n\r\n`.length + length;
}

/** What one tracking connection is sent for a batch whose keys take its prefixes in turn. Unit: bytes. */
function pushBytes(batch: number, keyLength: number, prefixes: number): number {
  const messages = Math.min(prefixes, batch);
  const heads = Array.from({ length: messages }, (_, at) => Math.ceil((batch - at) / messages)).map(
    (keys) => `>2\r\n$10\r\ninvalidate\r\n*${keys}\r\n`.length,
  );
  return heads.reduce((sum, head) => sum + head, batch * keyBytes(keyLength));
}

/** Batches of commands, of other keys from one to the next. */
function batchesOf({ batch, command, keyLength, prefixes }: Load): Buffer[] {
  const keys = Array.from({ length: KEYS }, (_, at) => {
    const prefix = `p${prefixes > 0 ? at % prefixes : 0}:`;
    return prefix + `${at}`.padStart(keyLength - prefix.length, '0');
  });
  const commands = keys.map((key) => encode(command === 'SET' ? ['SET', key, VALUE] : ['GET', key]));
  return Array.from({ length: Math.max(1, Math.floor(KEYS / batch)) }, (_, at) =>
    Buffer.from(commands.slice(at * batch, (at + 1) * batch).join('')),
  );
}
