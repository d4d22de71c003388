// What a server executes, in its order: the MONITOR stream.

import { connect, type Socket } from 'node:net';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

export interface Executed {
  /** `host:port` of who sent it. */
  readonly by: string;
  /** The name in capitals. */
  readonly wire: readonly string[];
}

export class Monitor {
  readonly #socket: Socket;
  #rest = '';
  #executed: Executed[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => this.#read(String(chunk)));
  }

  static async start(server: RedisServer): Promise<Monitor> {
    const socket = connect(server.port, '127.0.0.1');
    const monitor = new Monitor(socket);
    let confirmed = false;
    socket.once('data', () => {
      confirmed = true;
    });
    socket.write('MONITOR\r\n');
    await until(() => confirmed, 5_000, 'MONITOR to be answered');
    return monitor;
  }

  /** Forgets what was executed so far. */
  reset(): void {
    this.#executed = [];
  }

  /** Everything up to the command for which `last` holds, once that was executed. */
  async upTo(last: (executed: Executed) => boolean): Promise<readonly Executed[]> {
    let end = -1;
    await until(
      () => {
        end = this.#executed.findIndex(last);
        return end >= 0;
      },
      5_000,
      'MONITOR to show the last command',
    );
    return this.#executed.slice(0, end + 1);
  }

  stop(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\r\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const match = /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/s.exec(line);
      const [, by = '', words = ''] = match ?? [];
      // What a script calls is part of the script.
      if (match === null || by === 'lua') continue;
      const [name = '', ...args] = unquoted(words);
      this.#executed.push({ by, wire: [name.toUpperCase(), ...args] });
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

/** `"SET" "k" "a\"b"` as a list. */
function unquoted(words: string): string[] {
  return Array.from(words.matchAll(/"((?:[^"\\]|\\.)*)"/gs), ([, word = '']) =>
    word.replace(/\\x([0-9a-f]{2})|\\(.)/gs, (_, code: string | undefined, letter: string) =>
      code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
    ),
  );
}
