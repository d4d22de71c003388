// A TCP proxy between a client and a server that can delay, hold, cut, slow down or swallow what passes.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.js';

/** Both ways, or one: `'up'` goes to the server, `'down'` comes from it. */
export type Direction = 'up' | 'down';

interface Pipe {
  readonly socket: Socket;
  readonly held: Buffer[];
  /** What takes its time, and when it arrives (ms of `performance.now()`), in order. */
  readonly late: { readonly chunk: Buffer; readonly at: number }[];
}

interface Link {
  readonly up: Pipe;
  readonly down: Pipe;
  stranded: boolean;
}

type Mode = 'flow' | 'hold' | 'swallow';

const BOTH: readonly Direction[] = ['up', 'down'];

export class TcpProxy {
  readonly port: number;
  #target: number;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #mode: Record<Direction, Mode> = { up: 'flow', down: 'flow' };
  readonly #swallowed: Record<Direction, number> = { up: 0, down: 0 };
  #fragment = 0;
  #refusing = false;
  #latency: () => number = () => 0;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  #truncating = false;

  private constructor(port: number, target: number, server: Server) {
    this.port = port;
    this.#target = target;
    this.#server = server;
  }

  static async start(target: number): Promise<TcpProxy> {
    const port = await freePort();
    const server = createServer((socket) => proxy.#accept(socket));
    const proxy = new TcpProxy(port, target, server);
    await proxy.back();
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Keeps what passes in this direction until `release()`. */
  hold(direction: Direction): void {
    this.#mode[direction] = 'hold';
  }

  /** How many bytes are held in this direction. */
  held(direction: Direction): number {
    let bytes = 0;
    for (const link of this.#links) for (const chunk of link[direction].held) bytes += chunk.length;
    return bytes;
  }

  /** Delivers what was held, as one chunk, and lets everything after it flow. */
  release(direction: Direction): void {
    this.#mode[direction] = 'flow';
    for (const link of this.#links) {
      const pipe = link[direction];
      const chunk = Buffer.concat(pipe.held.splice(0));
      if (chunk.length > 0) pipe.socket.write(chunk);
    }
  }

  /** Half-open: bytes vanish both ways or one, no FIN, no RST, for existing and new connections. */
  blackhole(...directions: readonly Direction[]): void {
    for (const direction of directions.length === 0 ? BOTH : directions) this.#mode[direction] = 'swallow';
  }

  /** How many bytes have vanished in this direction so far. */
  swallowed(direction: Direction): number {
    return this.#swallowed[direction];
  }

  /** Half-open for the connections of now only, or the oldest of them: new ones work. */
  strand(oldest = Number.POSITIVE_INFINITY): void {
    for (const link of [...this.#links].slice(0, oldest)) link.stranded = true;
  }

  /** Ends everything that was wrong for connections opened from now on; older ones are cut. */
  heal(): void {
    this.#mode.up = 'flow';
    this.#mode.down = 'flow';
    this.#refusing = false;
    this.#latency = () => 0;
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
    this.#truncating = false;
    this.#fragment = 0;
    this.cut();
  }

  /** Ends every connection, or those that are chosen. */
  cut(isChosen: () => boolean = () => true): void {
    for (const { up, down } of this.#links) {
      if (!isChosen()) continue;
      up.socket.destroy();
      down.socket.destroy();
    }
  }

  /** Ends every connection; new ones go to another server. */
  aim(target: number): void {
    this.#target = target;
    this.cut();
  }

  /** Ends every connection and every new one. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Delivers what comes from the server in pieces of so many bytes. */
  fragment(bytes: number): void {
    this.#fragment = bytes;
  }

  /** What passes arrives so many ms later, in order; each connection for itself: they overtake each other. */
  delay(latency: number | (() => number)): void {
    this.#latency = typeof latency === 'number' ? () => latency : latency;
  }

  /** Delivers no more than so many bytes a second, per connection and direction. */
  throttle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Delivers about half of the next chunk from the server, then ends that connection: a frame stays incomplete. */
  truncate(): void {
    this.#truncating = true;
  }

  /** Takes nothing from the server any more, so that its output buffers grow, until `listen()`. */
  deafen(): void {
    for (const { up } of this.#links) up.socket.pause();
  }

  listen(): void {
    for (const { up } of this.#links) up.socket.resume();
  }

  /** Listens no more: connecting fails, as where no server runs. */
  async away(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Listens again. */
  async back(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
  }

  stop(): Promise<void> {
    return this.away();
  }

  #accept(downstream: Socket): void {
    if (this.#refusing) {
      downstream.destroy();
      return;
    }
    const upstream = connect(this.#target, '127.0.0.1');
    const link: Link = {
      up: { socket: upstream, held: [], late: [] },
      down: { socket: downstream, held: [], late: [] },
      stranded: false,
    };
    this.#links.add(link);
    for (const socket of [upstream, downstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#links.delete(link);
        upstream.destroy();
        downstream.destroy();
      });
    }
    downstream.on('data', (chunk) => this.#pass('up', link, chunk));
    upstream.on('data', (chunk) => this.#pass('down', link, chunk));
  }

  #pass(direction: Direction, link: Link, chunk: Buffer): void {
    const pipe = link[direction];
    const mode = link.stranded ? 'swallow' : this.#mode[direction];
    if (mode === 'hold') pipe.held.push(chunk);
    if (mode === 'swallow') this.#swallowed[direction] += chunk.length;
    if (mode !== 'flow') return;
    if (direction === 'down' && this.#truncating) {
      this.#truncating = false;
      pipe.socket.end(chunk.subarray(0, insideFrame(chunk)));
      link.up.socket.destroy();
      return;
    }
    if (this.#isLate(pipe, chunk)) return;
    if (direction === 'up' || this.#fragment === 0) {
      pipe.socket.write(chunk);
      return;
    }
    for (let at = 0; at < chunk.length; at += this.#fragment) {
      pipe.held.push(chunk.subarray(at, at + this.#fragment));
    }
    this.#drip(pipe);
  }

  /** Whether the chunk takes its time; whatever comes later on this connection comes after it. */
  #isLate(pipe: Pipe, chunk: Buffer): boolean {
    const now = performance.now();
    const before = pipe.late.at(-1)?.at ?? now;
    const at = Math.max(before, now + this.#latency()) + (chunk.length / this.#bytesPerSecond) * 1_000;
    if (at <= now && pipe.late.length === 0) return false;
    pipe.late.push({ chunk, at });
    if (pipe.late.length === 1) this.#deliverLate(pipe);
    return true;
  }

  #deliverLate(pipe: Pipe): void {
    const [next] = pipe.late;
    if (next === undefined) return;
    const deliver = (): void => {
      if (pipe.socket.writable) pipe.socket.write(next.chunk);
      pipe.late.shift();
      this.#deliverLate(pipe);
    };
    setTimeout(deliver, next.at - performance.now());
  }

  /** One piece per event-loop turn, so that each arrives as a chunk of its own. */
  #drip(pipe: Pipe): void {
    const piece = pipe.held.shift();
    if (piece === undefined) return;
    pipe.socket.write(piece, () => setImmediate(() => this.#drip(pipe)));
  }
}

/** Near the middle, and not where a line of RESP ends: what was delivered is no whole frame. */
function insideFrame(chunk: Buffer): number {
  const middle = Math.floor(chunk.length / 2);
  return middle > 0 && chunk[middle - 1] === 0x0a ? middle - 1 : middle;
}
