// A proxy that lets so many commands of a connection pass and holds the next one: with it a test stops a handshake at any
// of its steps.

import { connect, createServer, type Server, type Socket } from 'node:net';

export class Gate {
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  /** How many commands of each connection may pass, and whether the last of them is answered. */
  #passing = Number.POSITIVE_INFINITY;
  #isAnswering = true;
  #held: string[] = [];
  #passed: string[] = [];

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
  }

  static async start(target: number): Promise<Gate> {
    const server = createServer((socket) => gate.#accept(socket));
    const gate = new Gate(server, target);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The gate is closed.');
    return `redis://127.0.0.1:${address.port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** The first words of the commands that passed, and of those that are held. */
  get passed(): readonly string[] {
    return this.#passed;
  }

  get held(): readonly string[] {
    return this.#held;
  }

  /** From the next connection on; `unanswered`: nothing comes back once the last of them was sent. */
  pass(commands: number, last: 'answered' | 'unanswered'): void {
    this.#passing = commands;
    this.#isAnswering = last === 'answered';
    this.#passed = [];
    this.#held = [];
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(downstream: Socket): void {
    const upstream = connect(this.#target, '127.0.0.1');
    const passing = this.#passing;
    const isAnswering = this.#isAnswering;
    let passed = 0;
    let rest = Buffer.alloc(0);
    this.#sockets.add(downstream);
    for (const socket of [upstream, downstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(downstream);
        upstream.destroy();
        downstream.destroy();
      });
    }
    downstream.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = endOfCommand(rest); end > 0; end = endOfCommand(rest)) {
        const command = rest.subarray(0, end);
        rest = rest.subarray(end);
        if (passed >= passing) {
          this.#held.push(wordsOf(command));
          continue;
        }
        passed++;
        this.#passed.push(wordsOf(command));
        upstream.write(command);
      }
    });
    upstream.on('data', (chunk) => {
      if (isAnswering || passed < passing) downstream.write(chunk);
    });
  }
}

/** Where the first command ends, as clients write them: an array of bulk strings; 0 while it is not there as a whole. */
function endOfCommand(bytes: Buffer): number {
  let at = bytes.indexOf('\r\n');
  if (at < 0) return 0;
  const count = Number(bytes.subarray(1, at).toString());
  at += 2;
  for (let word = 0; word < count; word++) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return 0;
    at = line + 2 + Number(bytes.subarray(at + 1, line).toString()) + 2;
  }
  return at <= bytes.length ? at : 0;
}

/** The first two: `CLIENT TRACKING`. */
function wordsOf(command: Buffer): string {
  const lines = command.toString().split('\r\n');
  return [lines[2], lines[4]].filter((word) => word !== undefined).join(' ');
}
