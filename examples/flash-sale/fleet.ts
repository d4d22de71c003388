// The child processes: the application servers and the writer. Starts them, gives orders, and notices when one ends.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Message, Order, ServerBrief, ServerMessage, WriterBrief, WriterMessage } from './messages.js';

export interface FleetObserver {
  /** @param server the number of the application server, from 0 */
  server(server: number, message: ServerMessage): void;
  writer(message: WriterMessage): void;
  /** A child ended that was not told to. */
  crashed(error: Error): void;
}

export class Fleet {
  readonly #servers: readonly Child<ServerMessage>[];
  readonly #writer: Child<WriterMessage>;

  constructor(servers: readonly ServerBrief[], writer: WriterBrief, observer: FleetObserver) {
    const crashed = (error: Error): void => observer.crashed(error);
    this.#writer = new Child('writer', writer, observer.writer, crashed);
    this.#servers = servers.map(
      (brief, index) =>
        new Child('application-server', brief, (message) => observer.server(index, message), crashed),
    );
  }

  /** Resolves when every application server has carried it out. */
  async servers(order: Order): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.order(order)));
  }

  writer(order: Order): Promise<void> {
    return this.#writer.order(order);
  }

  /** Ends them at once: they hold nothing worth a farewell. */
  kill(): void {
    for (const child of [this.#writer, ...this.#servers]) child.kill();
  }
}

class Child<Told> {
  readonly #process: ChildProcess;
  readonly #waiting: (() => void)[] = [];

  constructor(file: string, brief: object, told: (message: Told) => void, crashed: (error: Error) => void) {
    this.#process = fork(fileURLToPath(new URL(`./${file}.ts`, import.meta.url)), [JSON.stringify(brief)], {
      execArgv: ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process.on('message', (message: Message) => {
      if (message.kind === 'done') this.#waiting.shift()?.();
      else told(message as Told);
    });
    this.#process.on('error', crashed);
    this.#process.on('exit', (code, signal) => {
      crashed(new Error(`${file} (pid ${this.#process.pid}) ended with ${signal ?? `code ${code}`}.`));
    });
  }

  order(order: Order): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#process.send(order);
    });
  }

  kill(): void {
    this.#process.removeAllListeners('exit');
    this.#process.kill('SIGKILL');
  }
}
