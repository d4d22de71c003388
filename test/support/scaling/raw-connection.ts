// A bare connection for measurements: it counts what comes back instead of reading it.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export class RawConnection {
  readonly #socket: Socket;
  #awaited = 0;
  #answered: (() => void) | undefined;
  #text: string | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Sends what was encoded before; resolves when so many bytes have come back. */
  send(commands: Buffer, replyBytes: number): Promise<void> {
    this.#awaited = replyBytes;
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(commands);
    });
  }

  /** One command with a bulk reply. */
  async bulk(...args: string[]): Promise<string> {
    this.#text = '';
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    this.#socket.write(encode(args));
    await answered;
    const text = this.#text;
    this.#text = undefined;
    return text;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#text !== undefined) {
      this.#text += chunk.toString('latin1');
      const length = /^\$(\d+)\r\n/.exec(this.#text);
      if (length === null || this.#text.length < length[0].length + Number(length[1]) + 2) return;
      this.#answered?.();
      return;
    }
    // An error is longer than OK, and would end the wait for the next replies early.
    if (chunk[0] === 0x2d) throw new Error(chunk.toString());
    this.#awaited -= chunk.length;
    if (this.#awaited <= 0) this.#answered?.();
  }
}

/** A command as it goes on the wire. */
export function encode(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`;
}
