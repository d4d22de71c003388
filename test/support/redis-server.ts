// Real servers for tests, demos and benchmarks: started on a free loopback port, stopped by whoever started them.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis-client-v4';
import { findRedisServer } from './redis-binary.mjs';
import { until } from './until.js';

export class RedisServer {
  readonly port: number;
  readonly dir: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.dir = mkdtempSync(join(tmpdir(), 'near-cache-redis-'));
    this.#args = args;
  }

  /** Starts a server without persistence; `args` are added to its command line. */
  static async start(...args: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args);
    await server.launch();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('The server is not running.');
    return pid;
  }

  /** Starts the server, again on the same port after `kill()`. */
  async launch(): Promise<void> {
    const binary = findRedisServer();
    if (binary === undefined) throw new Error('No redis-server: run `npm run setup`.');
    const defaults = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--dir', this.dir];
    const child = spawn(binary, [...defaults, '--enable-debug-command', 'yes', ...this.#args], {
      stdio: 'ignore',
    });
    this.#process = child;
    // Even if the tests end in a way that skips their clean-up.
    const reap = (): void => void child.kill('SIGKILL');
    process.once('exit', reap);
    child.once('exit', () => process.off('exit', reap));
    await until(() => child.exitCode !== null || canConnect(this.port), 10_000, 'the server to listen');
    if (child.exitCode !== null) throw new Error(`${binary} ended with ${child.exitCode}.`);
  }

  /** Stops executing, with every connection left open. */
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** As a power cut would: connections break, data is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** One command on a connection of its own, as an outsider would send it. */
  async command(...args: string[]): Promise<unknown> {
    const client = createClient({ url: this.url });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      await client.disconnect();
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
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
