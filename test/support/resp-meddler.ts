// A man in the middle who speaks RESP: he stands between a client and a real server, and puts frames of his own into
// what the server says, in place of replies or between them.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.js';
import { RespFrames, wordsOf } from './resp-frames.js';

/** What a command is answered with instead: bytes, or what is made of the command and of the server's own reply. */
export type Answer = string | Buffer | ((command: readonly string[], honest: Buffer) => string | Buffer);

const NOTHING = Buffer.alloc(0);

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Commands that the server has not answered yet. */
  readonly asked: string[][];
}

export class RespMeddler {
  readonly port: number;
  readonly #target: number;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #answers = new Map<string, Answer>();
  #isMute = false;
  #pushesNothing = false;
  /** How many connections were made. */
  accepted = 0;

  private constructor(port: number, target: number, server: Server) {
    this.port = port;
    this.#target = target;
    this.#server = server;
  }

  static async start(target: number): Promise<RespMeddler> {
    const port = await freePort();
    const server = createServer((socket) => meddler.#accept(socket));
    const meddler = new RespMeddler(port, target, server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return meddler;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#links.size;
  }

  /** Answers a command, named by its first words, in the server's place; the server executes it all the same. */
  answer(command: string, answer: Answer): void {
    this.#answers.set(command, answer);
  }

  /** The server speaks for itself again, and everything flows. */
  honest(): void {
    this.#answers.clear();
    this.#isMute = false;
    this.#pushesNothing = false;
  }

  /** Keeps everything that the server says to himself: only what he says himself is heard, his answers too. */
  mute(): void {
    this.#isMute = true;
  }

  /** Keeps the server's pushes to himself, as a proxy would that does not track. */
  pushNothing(): void {
    this.#pushesNothing = true;
  }

  /** Says something between two frames of the server, on every connection, in one write. */
  say(...frames: readonly (string | Buffer)[]): void {
    const bytes = Buffer.concat(frames.map((frame) => Buffer.from(frame)));
    for (const { client } of this.#links) client.write(bytes);
  }

  /** The same in pieces of so many bytes, each in a turn of its own, while the server is mute. Resolves when all is said. */
  async spell(bytes: Buffer, piece: number): Promise<void> {
    const [{ client } = { client: undefined }] = this.#links;
    for (let at = 0; at < bytes.length && client?.writable === true; at += piece) {
      const part = bytes.subarray(at, at + piece);
      await new Promise((resolve) => client.write(part, resolve));
      await new Promise(setImmediate);
    }
  }

  /**
   * Says it, and then the same piece over and over to every connection until it ends, no faster than it is taken.
   * @returns how many bytes were sent so far
   */
  pour(start: string, piece: Buffer, bytesPerSecond = Number.POSITIVE_INFINITY): () => number {
    this.mute();
    let poured = 0;
    const began = performance.now();
    for (const { client } of this.#links) {
      const more = (): void => {
        if (!client.writable) return;
        const allowed = ((performance.now() - began) / 1_000) * bytesPerSecond;
        if (poured > allowed) {
          setTimeout(more, 1);
          return;
        }
        poured += piece.length;
        client.write(piece, () => setImmediate(more));
      };
      client.write(start, more);
    }
    return () => poured;
  }

  /** Ends every connection, after a last word. */
  cut(lastWord: string | Buffer = ''): void {
    for (const { client, server } of this.#links) {
      client.end(lastWord);
      server.destroy();
    }
  }

  async stop(): Promise<void> {
    for (const { client, server } of this.#links) {
      client.destroy();
      server.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    this.accepted++;
    const server = connect(this.#target, '127.0.0.1');
    const link: Link = { client, server, asked: [] };
    this.#links.add(link);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    client.on('close', () => {
      this.#links.delete(link);
      server.destroy();
    });
    server.on('close', () => client.end());
    const commands = new RespFrames();
    const replies = new RespFrames();
    client.on('data', (chunk) => {
      for (const command of commands.take(chunk)) link.asked.push(wordsOf(command));
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      const said = replies.take(chunk).map((frame) => this.#heard(link, frame));
      if (client.writable) client.write(Buffer.concat(said));
    });
  }

  /** What the client hears in place of a frame. */
  #heard(link: Link, frame: Buffer): Buffer {
    const passed = this.#isMute ? NOTHING : frame;
    if (frame[0] === '>'.charCodeAt(0)) return this.#pushesNothing ? NOTHING : passed;
    const command = link.asked.shift() ?? [];
    for (const [name, answer] of this.#answers) {
      if (!`${command.join(' ').toUpperCase()} `.startsWith(`${name} `)) continue;
      return Buffer.from(typeof answer === 'function' ? answer(command, frame) : answer);
    }
    return passed;
  }
}
