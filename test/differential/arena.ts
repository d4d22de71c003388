// Plays sequences: a client under test, its neighbour in the process, a second process, one server for them and one on
// which the truth is asked afterwards.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, call, outcome } from '../support/client.js';
import { discard, KINDS, type Kind } from '../support/majors.js';
import { RedisServer } from '../support/redis-server.js';
import { connectPlain, type PlainClient } from '../support/rig.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { type Command, WRITE_NAMES } from './commands.js';
import { History, type ReadEvent, type Writer } from './history.js';
import { Monitor } from './monitor.js';
import { judge, type Replay, type Verdict } from './oracle.js';
import type { Order } from './second-process.js';
import type { ReadWay, Step, WriteWay } from './steps.js';
import { MARKER, MAX_STALENESS, type MakeSubject, type Subject } from './subject.js';

export interface Tally {
  sequences: number;
  reads: number;
  hits: number;
  writes: number;
}

export class Arena {
  readonly kind: Kind;
  readonly tally: Tally = { sequences: 0, reads: 0, hits: 0, writes: 0 };
  readonly #server: RedisServer;
  readonly #replayServer: RedisServer;
  readonly #tracking: TcpProxy;
  readonly #monitor: Monitor;
  readonly #subject: Subject;
  readonly #neighbour: PlainClient;
  readonly #process: SecondProcess;
  readonly #replayer: Client;
  readonly #writers = new Map<string, Writer>();
  #announced = (): void => {};
  #markers = 0;

  private constructor(parts: Parts) {
    this.kind = parts.kind;
    this.#server = parts.server;
    this.#replayServer = parts.replayServer;
    this.#tracking = parts.tracking;
    this.#monitor = parts.monitor;
    this.#subject = parts.subject;
    this.#neighbour = parts.neighbour;
    this.#process = parts.process;
    this.#replayer = parts.replayer;
    this.#writers.set(parts.neighbourAddress, 'neighbour').set(parts.process.address, 'process');
    parts.subject.onMarker(() => this.#announced());
  }

  static async open(kind: Kind, makeSubject: MakeSubject): Promise<Arena> {
    const [server, replayServer] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    const tracking = await TcpProxy.start(server.port);
    const neighbour = await connectPlain(server.url);
    const neighbourAddress = /addr=(\S+)/.exec(String(await neighbour.sendCommand(['CLIENT', 'INFO'])))?.[1];
    // A pool has no order of its own; its replies are those of a client of its major.
    const single = KINDS.find(({ major, resp, pool }) => major === kind.major && resp === kind.resp && !pool);
    const replayer = (single ?? kind).create(replayServer.url);
    await replayer.connect();
    return new Arena({
      kind,
      server,
      replayServer,
      tracking,
      neighbour,
      replayer,
      neighbourAddress: neighbourAddress ?? '',
      monitor: await Monitor.start(server),
      subject: await makeSubject(kind, server.url, tracking.url),
      process: await SecondProcess.start(server.url),
    });
  }

  async close(): Promise<void> {
    this.#monitor.stop();
    await this.#subject.close();
    await Promise.all([this.#neighbour.disconnect(), this.#process.stop(), discard(this.#replayer)]);
    await this.#tracking.stop();
    await Promise.all([this.#server.stop(), this.#replayServer.stop()]);
  }

  /** Plays a sequence from an empty server on. @returns the first reply that was never true in its window */
  async play(steps: readonly Step[]): Promise<Verdict | undefined> {
    const history = new History();
    const hits = this.#subject.hits();
    await this.#neighbour.sendCommand(['FLUSHALL']);
    // Reads of the sequence before are no part of this one.
    this.#monitor.reset();
    const first = await this.#settle(history, []);
    this.#subject.reset();
    const pending: Promise<unknown>[] = [];
    for (const step of steps) {
      const reply = this.#take(step, history, pending);
      pending.push(reply);
      if (!('awaited' in step) || step.awaited) await reply;
    }
    await this.#settle(history, pending);
    await this.#readAgain(history);
    const last = await this.#settle(history, []);
    const executed = await this.#monitor.upTo(({ wire }) => wire[2] === last);
    const begin = executed.findIndex(({ wire }) => wire[2] === first);
    const writes = executed.slice(begin).filter(({ wire }) => WRITE_NAMES.has(wire[0] ?? ''));
    this.tally.sequences++;
    this.tally.reads += history.reads.length;
    this.tally.writes += writes.length;
    this.tally.hits += this.#subject.hits() - hits;
    await this.#replayer.sendCommand(['FLUSHALL']);
    return judge(history, writes, this.#replay(), {
      maxStaleness: MAX_STALENESS,
      ordered: !this.kind.pool,
      writerOf: (address) => this.#writers.get(address) ?? 'wrapped',
    });
  }

  async #take(step: Step, history: History, pending: Promise<unknown>[]): Promise<void> {
    switch (step.kind) {
      case 'read':
        return this.#read(step.way, step.command, history);
      case 'write': {
        const done = history.write('wrapped', step.commands);
        await outcome(() => send(this.#subject.client, step.way, step.commands));
        return done();
      }
      case 'foreign write': {
        const done = history.write(step.by, step.commands);
        const wires = step.commands.map(({ wire }) => wire);
        await (step.by === 'process' ? this.#process.run(wires) : this.#write(wires));
        return done();
      }
      case 'wait':
        await Promise.all(pending.splice(0));
        return;
      case 'turn':
        return new Promise((resolve) => setImmediate(resolve));
      case 'settle':
        await this.#settle(history, pending);
        return;
      case 'hold':
        return this.#tracking.hold('down');
      case 'release':
        return this.#tracking.release('down');
    }
  }

  async #read(way: ReadWay, command: Command, history: History): Promise<void> {
    const answered = history.read(way, command);
    answered(comparable(await outcome(() => ask(this.kind, this.#subject.client, way, command))));
  }

  async #write(wires: readonly (readonly string[])[]): Promise<void> {
    const [only] = wires;
    await outcome(() => {
      if (wires.length === 1 && only !== undefined) return this.#neighbour.sendCommand([...only]);
      const transaction = this.#neighbour.multi();
      for (const wire of wires) transaction.addCommand([...wire]);
      return transaction.exec();
    });
  }

  /** Waits for replies under way, then until a marker written after them was announced. */
  async #settle(history: History, pending: Promise<unknown>[]): Promise<string> {
    this.#tracking.release('down');
    await Promise.all(pending.splice(0));
    const marker = `marker ${++this.#markers}`;
    let announced = false;
    this.#announced = () => {
      announced = true;
    };
    // A push can be lost with its connection: then another one is asked for.
    for (let attempt = 0; !announced; attempt++) {
      if (attempt === 50) throw new Error('The client under test was not told of a change.');
      const wire = ['SET', MARKER, attempt === 0 ? marker : `${marker}, again ${attempt}`];
      const done = history.write('neighbour', [{ method: 'set', args: wire.slice(1), wire, keys: [MARKER] }]);
      await this.#neighbour.sendCommand(wire);
      done();
      await until(() => announced, 200).catch(() => {});
    }
    history.settled(marker);
    return marker;
  }

  /** After everything has settled every reply has to be the truth, from Redis and from memory. */
  async #readAgain(history: History): Promise<void> {
    const typed = history.reads.filter(({ way }) => way === 'typed' || way === 'bytes');
    const reads = new Map(typed.map((read) => [`${read.way} ${JSON.stringify(read.command)}`, read]));
    for (let round = 0; round < 2; round++) {
      await Promise.all([...reads.values()].map(({ way, command }) => this.#read(way, command, history)));
    }
  }

  #replay(): Replay {
    return {
      write: (wire) => void outcome(() => this.#replayer.sendCommand(wire)),
      read: async ({ way, command }: ReadEvent) =>
        comparable(await outcome(() => ask(this.kind, this.#replayer, way, command))),
    };
  }
}

interface Parts {
  readonly kind: Kind;
  readonly server: RedisServer;
  readonly replayServer: RedisServer;
  readonly tracking: TcpProxy;
  readonly monitor: Monitor;
  readonly subject: Subject;
  readonly neighbour: PlainClient;
  readonly neighbourAddress: string;
  readonly process: SecondProcess;
  readonly replayer: Client;
}

/** A reply, or what an error says. */
function comparable(result: object): unknown {
  const { reply, error } = result as { reply?: unknown; error?: unknown };
  return error === undefined ? reply : { error: error instanceof Error ? error.message : String(error) };
}

function ask(kind: Kind, client: Client, way: ReadWay, { method, args, wire }: Command): unknown {
  switch (way) {
    case 'typed':
      return call(client, method, args);
    case 'bytes':
      return kind.asBytes(client, method, args);
    case 'raw':
      return client.sendCommand(wire);
    case 'transaction':
      return call(call(client.multi(), method, args) as object, 'exec');
    case 'pipeline':
      return call(call(client.multi(), method, args) as object, 'execAsPipeline');
  }
}

function send(client: Client, way: WriteWay, commands: readonly Command[]): unknown {
  const [first] = commands;
  if (first === undefined) return undefined;
  const [name = '', ...rest] = first.wire;
  if (way === 'typed') return call(client, first.method, first.args);
  if (way === 'raw') return client.sendCommand(first.wire);
  if (way === 'small raw') return client.sendCommand([name.toLowerCase(), ...rest]);
  const transaction = client.multi();
  for (const { method, args } of commands) call(transaction, method, args);
  if (way === 'exec(true)') return transaction.exec(true);
  return call(transaction, way);
}

class SecondProcess {
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, () => void>();
  #ids = 0;

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
    child.on('message', ({ done }: { readonly done: number }) => {
      this.#waiting.get(done)?.();
      this.#waiting.delete(done);
    });
  }

  static async start(url: string): Promise<SecondProcess> {
    const script = fileURLToPath(new URL('./second-process.ts', import.meta.url));
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    const child = spawn(process.execPath, ['--import', 'tsx', script, url], { stdio: [...stdio] });
    const [{ address }] = (await once(child, 'message')) as [{ readonly address: string }];
    return new SecondProcess(child, address);
  }

  run(commands: readonly (readonly string[])[]): Promise<void> {
    const order: Order = { id: ++this.#ids, commands };
    return new Promise((resolve) => {
      this.#waiting.set(order.id, resolve);
      this.#child.send(order);
    });
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}
