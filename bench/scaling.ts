// What tracking costs, measured on real servers and fitted for the calculator: CPU of the server for each write by trackers,
// prefixes, batches, NOLOOP and replicas, bytes on the wire, and CPU of a process for each invalidation. CPU seconds, not
// time: other work on the machine changes time.
//
// npm run bench:scaling -- [--quick] [--json] [--write]
// REDIS_SERVER_BIN names the server. --write keeps the result in bench/scaling/results.json, beside those of other servers,
// and makes src/cli/plan/measured-costs.ts, docs/scaling.svg and the tables of docs/scaling.md from all of them.
// --pages only makes these.

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { RedisServer } from '../test/support/redis-server.js';
import { measureClient } from './scaling/client-cost.js';
import { quartile } from './scaling/quartile.js';
import { keep, type Result, writePages } from './scaling/results.js';
import { deviation, measureServer } from './scaling/server-cost.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    pages: { type: 'boolean', default: false },
  },
});

if (values.pages) {
  await writePages();
} else {
  const result = await measure();
  if (values.write) {
    keep(result);
    await writePages();
  }
  process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : report(result));
}

async function measure(): Promise<Result> {
  const rounds = values.quick ? 1 : 8;
  const server = await RedisServer.start();
  try {
    const name = await versionOf(server);
    progress(name);
    const client = await measureClient(server, rounds, progress);
    const { points, costs } = await measureServer(values.quick, rounds, progress);
    return {
      server: name,
      machine: `${cpus().length} x ${cpus()[0]?.model}`,
      node: process.version,
      rounds,
      costs,
      client: client.costs,
      points,
      clientPoints: client.points,
    };
  } finally {
    await server.stop();
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}

async function versionOf(server: RedisServer): Promise<string> {
  const text = String(await server.command('INFO', 'server'));
  const [, valkey] = /^valkey_version:(\S+)/m.exec(text) ?? [];
  const [, redis] = /^redis_version:(\S+)/m.exec(text) ?? [];
  return valkey === undefined ? `Redis ${redis}` : `Valkey ${valkey}`;
}

function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}

function report(result: Result): string {
  const table = new Table({
    head: [
      'group',
      'kind',
      'trackers',
      'prefixes',
      'per turn',
      'key',
      'NOLOOP',
      'µs',
      'fitted',
      'off by',
      'bytes',
    ],
    style: { head: [], border: [] },
  });
  for (const point of result.points) {
    const { load, cpu, bytes, group } = point;
    const off = deviation(point, result.costs);
    table.push([
      group,
      load.kind,
      load.trackers,
      `${load.written} of ${load.prefixes}`,
      load.batch,
      load.keyLength,
      load.noLoop ? 'yes' : 'no',
      quartile(cpu).toFixed(2),
      (quartile(cpu) * (1 + off)).toFixed(2),
      `${(100 * off).toFixed(0)} %`,
      bytes.toFixed(1),
    ]);
  }
  const costs = Object.entries({ ...result.costs, ...result.client }).map(
    ([name, cost]) => `  ${name.padEnd(10)} ${cost.toPrecision(3)}`,
  );
  const { server, machine, node, rounds } = result;
  return `${table.toString()}\n${server}, ${machine}, Node.js ${node}, ${rounds} rounds\nCosts, µs of CPU:\n${costs.join('\n')}\n`;
}
