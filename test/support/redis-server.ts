// Real servers for tests, demos and benchmarks: started on a free loopback port, stopped by whoever started them, and gone
// with the process in any case.

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis-client-v4';
import { freePort } from './free-port.js';
import { endWithThisProcess, scratchFolder } from './reaper.js';
import { findRedisServer } from './redis-binary.mjs';
import { until } from './until.js';

export interface ServerOptions {
  /** Added to the command line. */
  readonly args?: readonly string[];
  /** Lines of a config file, which the server may rewrite, as a sentinel does. It outlives `kill()`. */
  readonly config?: readonly string[];
}

export class RedisServer {
  readonly port: number;
  readonly dir: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;
  #frozen = false;

  private constructor(port: number, { args = [], config }: ServerOptions) {
    this.port = port;
    this.dir = scratchFolder(`${port}`);
    const defaults = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', this.dir];
    this.#args = [...defaults, '--enable-debug-command', 'yes', ...args];
    if (config === undefined) return;
    const file = join(this.dir, 'server.conf');
    writeFileSync(file, `${config.join('\n')}\n`);
    this.#args = [file, ...this.#args];
  }

  /** Starts a server without persistence; `args` are added to its command line. */
  static async start(...args: string[]): Promise<RedisServer> {
    const server = await RedisServer.prepare({ args });
    await server.launch();
    return server;
  }

  /** A server with its port and its folder, to be launched. */
  static async prepare(options: ServerOptions): Promise<RedisServer> {
    return new RedisServer(await freePort(), options);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('The server is not running.');
    return pid;
  }

  /** Whether it was launched and has not ended, frozen or not. */
  get isRunning(): boolean {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Whether it runs and is not frozen. */
  get responds(): boolean {
    return this.isRunning && !this.#frozen;
  }

  /** Starts the server, again on the same port after `kill()`. */
  async launch(): Promise<void> {
    const binary = findRedisServer();
    if (binary === undefined) throw new Error('No redis-server: run `npm run setup`.');
    const child = spawn(binary, this.#args, { stdio: 'ignore' });
    this.#process = child;
    this.#frozen = false;
    endWithThisProcess(child);
    await until(() => child.exitCode !== null || canConnect(this.port), 10_000, 'the server to listen');
    if (child.exitCode !== null) throw new Error(`${binary} ended with ${child.exitCode}.`);
  }

  /** Stops executing, with every connection left open. */
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
    this.#frozen = true;
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
    this.#frozen = false;
  }

  /** As a power cut would: connections break, data is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await gone;
    // Where it was left by a replica's sync.
    rmSync(join(this.dir, 'dump.rdb'), { force: true });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** One command on a connection of its own, as an outsider would send it. */
  async command(...args: string[]): Promise<unknown> {
    const [reply] = await this.pipeline([args]);
    return reply;
  }

  /** Several commands, sent together on a connection of their own. @throws the first error among the replies */
  async pipeline(commands: readonly (readonly string[])[]): Promise<unknown[]> {
    const client = createClient({ socket: { host: '127.0.0.1', port: this.port, reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    try {
      return await Promise.all(commands.map((args) => client.sendCommand([...args])));
    } finally {
      if (client.isOpen) await client.disconnect();
    }
  }
}

async function canConnect(port: number): Promise<boolean> {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: false } });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    if (client.isOpen) await client.disconnect();
  }
}
