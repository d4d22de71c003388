// What was measured, server by server, and what is made of it: the calculator's costs, the plot and the tables of the page.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ClientCosts, ServerCosts } from '../../src/cli/plan/cost-model.js';
import { type ClientPoint, fittedClient } from './client-cost.js';
import { familyOf } from './family.js';
import { plotOf, tablesOf } from './page.js';
import { fitted, type OwnCosts, type ServerPoint } from './server-cost.js';

/** One run of the benchmark. */
export interface Result {
  readonly server: string;
  readonly machine: string;
  readonly node: string;
  readonly rounds: number;
  readonly costs: ServerCosts & OwnCosts;
  readonly client: ClientCosts;
  readonly points: readonly ServerPoint[];
  readonly clientPoints: readonly ClientPoint[];
}

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const RESULTS = path('bench/scaling/results.json');
const PAGE = path('docs/scaling.md');

function read(): Result[] {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Result[]) : [];
}

/** Beside the results of other servers, in place of this one's. */
export function keep(result: Result): void {
  const family = familyOf(result.server);
  const others = read().filter(({ server }) => familyOf(server) !== family);
  const all = [...others, result].sort((a, b) => a.server.localeCompare(b.server));
  writeFileSync(RESULTS, `${JSON.stringify(all, (_, value) => rounded(value))}\n`);
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

export async function writePages(): Promise<void> {
  // What was kept are the measurements: a better formula needs no new ones.
  const results = read().map((result) => ({
    ...result,
    costs: fitted(result.points),
    client: fittedClient(result.clientPoints),
  }));
  const costs = results.map(({ server, machine, node, costs: { sleep: _, ...all }, client }) => [
    familyOf(server),
    { server, machine, node, costs: all, client },
  ]);
  writeFileSync(
    path('src/cli/plan/measured-costs.ts'),
    `// Made by \`npm run bench:scaling -- --write\`: what was measured on each server, fitted. Unit: µs of CPU.

import type { MeasuredCosts } from './cost-model.js';

/** By family of servers; the first is taken when nobody names one. */
export const MEASURED_COSTS: Readonly<Record<string, MeasuredCosts>> = ${JSON.stringify(Object.fromEntries(costs), (_, value) => rounded(value), 2)};
`,
  );
  writeFileSync(path('docs/scaling.svg'), plotOf(results));
  if (existsSync(PAGE)) {
    const page = readFileSync(PAGE, 'utf8');
    writeFileSync(
      PAGE,
      page.replace(/(<!-- measured -->\n)[\s\S]*?(<!-- \/measured -->)/, (_, open: string, close: string) => {
        return `${open}\n${tablesOf(results)}\n${close}`;
      }),
    );
  }
  spawnSync(path('node_modules/.bin/biome'), ['format', '--write', path('src/cli/plan'), RESULTS], {
    stdio: 'inherit',
  });
}
