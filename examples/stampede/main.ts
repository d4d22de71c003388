// The stampede: starts Redis, the database and the application servers, switches on one defence after the other, and shows
// side by side what reached the database and how long readers waited.

import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import { RedisServer } from '../../test/support/redis-server.js';
import { HELP, readArguments, type Settings } from './arguments.js';
import { Child } from './child.js';
import { DEFENCES, TTL } from './defences.js';
import type { ServerBrief } from './messages.js';

/** Enough for a query to take some milliseconds. */
const ORDERS = 200_000;
/** Connecting and the first load do not count. Unit: ms. */
const WARM_UP = 1_000;

interface Figures {
  readonly defence: string;
  readonly bound: number | undefined;
  readonly queriesPerExpiry: number;
  readonly reads: number;
  readonly failures: number;
  /** Unit: ms. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  let settings: Settings | 'help';
  try {
    settings = readArguments(args);
  } catch (error) {
    process.stderr.write(`${String(error)}\nSee npm start -- --stampede --help\n`);
    return 2;
  }
  if (settings === 'help') {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const stage = new Stage();
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => reject(new Error(`Interrupted by ${signal}.`)));
    }
  });
  try {
    return await Promise.race([play(stage, settings), stage.crashed, interrupted]);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await stage.close();
  }
}

/** What has to end with the play, however that ends. */
class Stage {
  readonly #children: Child[] = [];
  #redis: RedisServer | undefined;
  #fail: (error: Error) => void = () => {};
  readonly crashed = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  async redis(): Promise<RedisServer> {
    this.#redis = await RedisServer.start();
    return this.#redis;
  }

  async child(file: string, brief: object): Promise<Child> {
    const child = await Child.start(file, brief, (error) => this.#fail(error));
    this.#children.push(child);
    return child;
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill();
    await this.#redis?.stop();
  }
}

async function play(stage: Stage, settings: Settings): Promise<number> {
  const { duration, json, readers, workers } = settings;
  const redis = await stage.redis();
  const database = await stage.child('database-server', { orders: ORDERS });
  const brief: ServerBrief = { redisUrl: redis.url, databaseUrl: database.url, readers };
  const servers = await Promise.all(
    Array.from({ length: workers }, () => stage.child('application-server', brief)),
  );
  const queries = async (): Promise<number> => Number(await (await fetch(`${database.url}/queries`)).json());
  await fetch(`${database.url}/product/1`);
  const begin = performance.now();
  await fetch(`${database.url}/product/1`);
  const query = performance.now() - begin;
  process.stdout.write(
    `STAMPEDE  ${workers} application servers with ${readers} readers each; a query takes ${query.toFixed(1)} ms; ` +
      `the hot key expires every ${TTL / 1_000} s\n\n`,
  );
  const all: Figures[] = [];
  for (const [defence, { name, bound }] of DEFENCES.entries()) {
    await redis.command('FLUSHALL');
    await Promise.all(servers.map((server) => server.obey({ order: 'read', defence })));
    await delay(WARM_UP);
    const before = await queries();
    await Promise.all(servers.map((server) => server.obey({ order: 'mark' })));
    await delay(duration);
    const asked = (await queries()) - before;
    const answers = await Promise.all(servers.map((server) => server.obey({ order: 'stop' })));
    const latencies = answers.flatMap((answer) => answer.latencies).sort((a, b) => a - b);
    const at = (share: number): number =>
      (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN) / 1_000;
    all.push({
      defence: name,
      bound,
      queriesPerExpiry: asked / (duration / TTL),
      reads: latencies.length,
      failures: answers.reduce((sum, { failures }) => sum + failures, 0),
      p50: at(0.5),
      p99: at(0.99),
      max: at(1),
    });
    process.stdout.write(`  ${name}: ${asked} queries\n`);
  }
  process.stdout.write(`\n${tableOf(all)}\n`);
  const failures = judge(all);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ figures: all, failures }, null, 2)}\n`);
  for (const failure of failures) process.stdout.write(`FAILED: ${failure}\n`);
  return failures.length === 0 ? 0 : 1;
}

function tableOf(all: readonly Figures[]): string {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const table = new Table({
    head: ['defence', 'queries per expiry', 'reads', 'p50', 'p99', 'max'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { defence, max, p50, p99, queriesPerExpiry, reads } of all) {
    const figures = [ms(p50), ms(p99), ms(max)];
    table.push([defence, queriesPerExpiry.toFixed(1), reads.toLocaleString('en-US'), ...figures]);
  }
  return table.toString();
}

function judge(all: readonly Figures[]): string[] {
  const [none] = all;
  const locked = all.filter(({ bound }) => bound !== undefined);
  const failures = locked
    .filter(({ queriesPerExpiry, bound = 0 }) => queriesPerExpiry > bound)
    .map(
      ({ defence, queriesPerExpiry }) => `${queriesPerExpiry.toFixed(1)} queries per expiry with ${defence}`,
    );
  const most = Math.max(...locked.map(({ queriesPerExpiry }) => queriesPerExpiry));
  if (none !== undefined && none.queriesPerExpiry <= most) failures.push('no stampede without a defence');
  for (const { defence, failures: failed } of all) {
    if (failed > 0) failures.push(`${failed} reads failed with ${defence}`);
  }
  return failures;
}

process.exit(await main(process.argv.slice(2)));
