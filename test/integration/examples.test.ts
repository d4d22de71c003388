// The examples run as they stand: each in a process of its own against a real server, judged by what it prints, what
// it answers over HTTP, what it leaves at the server, and how it ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NearStats } from 'redis-near-cache';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

class Example {
  output = '';
  errors = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(name: string, env: NodeJS.ProcessEnv) {
    const args = ['--import', 'tsx', `examples/${name}`];
    const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env } });
    child.stdout.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
    this.#child = child;
    this.#ended = once(child, 'close');
  }

  /** Resolves when the example has printed `text`; fails at once if it ends without. */
  async prints(text: string): Promise<void> {
    await until(() => this.output.includes(text) || this.#over, 15_000, `the example to print ${text}`);
    expect(this.output, this.errors).toContain(text);
  }

  /** Where it says that it listens. */
  async address(): Promise<string> {
    await this.prints('listening on ');
    return /listening on (\S+)/.exec(this.output)?.[1] ?? '';
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  /** Its exit code once it has ended by itself. */
  async exitCode(): Promise<number | null> {
    await until(() => this.#over, 15_000, 'the example to end by itself');
    await this.#ended;
    return this.#child.exitCode;
  }

  /** After a test that failed midway. */
  async kill(): Promise<void> {
    if (!this.#over) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  get #over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

let server: RedisServer;
let examples: Example[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
beforeEach(async () => {
  await server.command('FLUSHALL');
});
afterEach(async () => {
  await Promise.all(examples.map((example) => example.kill()));
  examples = [];
});
afterAll(async () => {
  await server.stop();
});

function run(name: string): Example {
  const example = new Example(name, { REDIS_URL: server.url, PORT: '0' });
  examples.push(example);
  return example;
}

async function connections(): Promise<string[]> {
  const list = String(await server.command('CLIENT', 'LIST'));
  return list.split('\n').filter((line) => line !== '' && !line.includes('cmd=client'));
}

async function text(url: string): Promise<string> {
  const response = await fetch(url);
  expect(response.status, url).toBe(200);
  return response.text();
}

test('basic.ts reads once from Redis, then from memory, reads its own write, and ends by itself', async () => {
  await server.command('SET', 'product:42', 'kettle');
  const example = run('basic.ts');
  expect(await example.exitCode(), example.errors).toBe(0);
  expect(example.errors).toBe('');
  expect(example.output).toMatch(/^kettle\nkettle\nkettle\n\{\n/);
  expect(example.output).toContain('hits: 1,');
  expect(example.output).toContain('misses: 1,');
  expect(example.output).toContain('entries: 1\n');
  expect(example.output).toMatch(/\nteapot\n$/);
  expect(await connections()).toEqual([]);
});

test('express-sqlite.ts asks its database once, whoever asks, and again after a change', async () => {
  const example = run('express-sqlite.ts');
  const address = await example.address();
  const pages = await Promise.all(Array.from({ length: 10 }, () => text(`${address}/product/1`)));
  for (const page of pages) expect(page).toContain('<h1>teapot</h1>');
  expect(await text(`${address}/product/1`)).toContain('1 queries so far');
  expect(JSON.parse(String(await server.command('GET', 'product:1')))).toMatchObject({
    name: 'teapot',
    cents: 1_000,
  });
  const sold = Number(/(\d+) sold/.exec(pages[0] ?? '')?.[1]);
  expect((await fetch(`${address}/product/1/sell`, { method: 'POST' })).status).toBe(204);
  const after = await text(`${address}/product/1`);
  expect(after).toContain(`${sold + 1} sold`);
  expect(after).toContain('2 queries so far');
  expect((await fetch(`${address}/product/none`)).status).toBe(404);
  expect((await fetch(`${address}/product/none`)).status).toBe(404);
  expect(await text(`${address}/product/1`)).toContain('3 queries so far');
  example.terminate();
  expect(await example.exitCode(), example.errors).toBe(0);
  expect(await connections()).toEqual([]);
});

test('fastify-metrics.ts counts the reads of each prefix, as JSON and for Prometheus', async () => {
  await server.command('SET', 'product:7', 'kettle');
  const example = run('fastify-metrics.ts');
  const address = await example.address();
  for (let read = 0; read < 3; read++) expect(await text(`${address}/product/7`)).toBe('kettle');
  expect((await fetch(`${address}/product/none`)).status).toBe(404);

  const stats = JSON.parse(await text(`${address}/stats`)) as NearStats;
  expect(stats.state).toBe('serving');
  expect(stats.entries).toBe(2);
  expect(stats.prefixes['product:']).toMatchObject({ hits: 2, misses: 2, hitRatio: 0.5, entries: 2 });
  expect(stats.prefixes['user:']).toMatchObject({ hits: 0, misses: 0, hitRatio: 0 });

  for (let scrape = 0; scrape < 2; scrape++) {
    const response = await fetch(`${address}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const metrics = await response.text();
    expect(metrics).toContain('# TYPE redis_near_cache_hits_total counter\n');
    expect(metrics).toContain('\nredis_near_cache_hits_total{cache="catalogue",prefix="product:"} 2\n');
    expect(metrics).toContain('\nredis_near_cache_misses_total{cache="catalogue",prefix="product:"} 2\n');
    expect(metrics).toContain('\nredis_near_cache_hits_total{cache="catalogue",prefix="user:"} 0\n');
    expect(metrics).toContain('\nredis_near_cache_state{cache="catalogue",state="serving"} 1\n');
    expect(metrics).not.toContain('product:7');
  }

  await server.command('SET', 'product:7', 'samovar');
  await until(async () => (await text(`${address}/product/7`)) === 'samovar');
  expect(await text(`${address}/metrics`)).toMatch(
    /\nredis_near_cache_invalidations_total\{cache="catalogue",prefix="product:"\} [1-9]/,
  );

  example.terminate();
  expect(await example.exitCode(), example.errors).toBe(0);
  expect(example.errors).toBe('');
  expect(await connections()).toEqual([]);
});

test('nestjs-provider.ts injects a connected client, and the shutdown hooks close it', async () => {
  await server.command('SET', 'product:42', 'kettle');
  const example = run('nestjs-provider.ts');
  await example.prints('running until SIGTERM\n');
  expect(example.output).toMatch(/^kettle\nkettle\n\{\n/);
  expect(example.output).toContain('hits: 1,');
  expect(example.output).toContain('misses: 1,');
  expect(await connections()).toHaveLength(2);

  example.terminate();
  expect(await example.exitCode(), example.errors).toBe(0);
  expect(example.output).toMatch(/closed \(SIGTERM\)\n$/);
  expect(example.errors).toBe('');
  expect(await connections()).toEqual([]);
});

test('graceful-shutdown.ts finishes the request under way, takes no new one, and ends by itself', async () => {
  await server.command('SET', 'product:7', 'kettle');
  const example = run('graceful-shutdown.ts');
  const address = await example.address();
  expect(await text(`${address}/7`)).toBe('kettle');

  const underWay = text(`${address}/order`);
  await until(async () => (await connections()).some((line) => line.includes('cmd=blpop')));
  example.terminate();
  await example.prints('draining\n');
  await expect(fetch(`${address}/7`)).rejects.toThrow();
  expect(example.output).not.toContain('drained');

  await server.command('RPUSH', 'orders', 'two kettles');
  expect(await underWay).toBe('two kettles');
  expect(await example.exitCode(), example.errors).toBe(0);
  expect(example.output).toMatch(/draining\ndrained\nclosed\n$/);
  expect(example.errors).toBe('');
  expect(await connections()).toEqual([]);
});
