// The main job, in its quick forms: what it promises in its summary holds, and its exit code says so; interrupted, it
// leaves nothing running.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { until } from '../support/until.js';

interface RunningSale {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly code: Promise<number | null>;
}

function startSale(...args: string[]): RunningSale {
  const script = fileURLToPath(new URL('../../examples/flash-sale/start.mjs', import.meta.url));
  const sale = spawn(process.execPath, [script, '--quick', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [sale.stdout, sale.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return { process: sale, output: () => output, code: once(sale, 'exit').then(([code]) => code) };
}

async function summaryOf(...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'near-cache-sale-'));
  const file = join(folder, 'summary.json');
  const sale = startSale('--json', file, ...args);
  expect(await sale.code, sale.output()).toBe(0);
  const summary = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(folder, { recursive: true });
  return { summary, output: sale.output() };
}

test('the quick flash sale ends well: far fewer GETs, nothing staler than the lease, nothing stuck', async () => {
  const { summary, output } = await summaryOf();
  expect(summary).toMatchObject({ failures: [], stuck: 0, leaseMs: expect.any(Number) });
  expect(summary.worstStalenessMs).toBeLessThanOrEqual(summary.leaseMs);
  expect(summary.hotGetRatio).toBeGreaterThan(99);
  expect(summary.comparedFromMemory).toBeGreaterThan(1_000);
  expect(summary.acts.faults.recoveries).toBeGreaterThanOrEqual(6);
  expect(output).toContain('bypass');
}, 120_000);

describe('on a cluster', () => {
  test('the quick flash sale rids the hot shard of its reads and survives the loss of its primary', async () => {
    const { summary, output } = await summaryOf('--cluster');
    expect(summary).toMatchObject({ cluster: true, workers: 8, failures: [], stuck: 0 });
    expect(summary.hotShardReadsSaved).toBeGreaterThanOrEqual(0.99);
    expect(summary.shardSpread.plain).toBeGreaterThan(2);
    expect(summary.shardSpread.near).toBeLessThanOrEqual(2);
    expect(summary.worstStalenessMs).toBeLessThanOrEqual(summary.leaseMs);
    expect(summary.comparedFromMemory).toBeGreaterThan(1_000);
    expect(summary.acts.faults.failovers).toHaveLength(1);
    expect(output).toContain('SIGKILL');
    expect(output).toContain('has hits again');
  }, 120_000);

  test('interrupted, it says so by its exit code and leaves no process behind', async () => {
    const sale = startSale('--cluster', '--workers', '2', '--readers', '2');
    await until(() => sale.output().includes('Act one'), 30_000, 'the sale to begin');
    const pids = await descendantsOf(sale.process.pid ?? 0);
    expect(pids.length).toBeGreaterThanOrEqual(6 + 2 + 1);
    sale.process.kill('SIGINT');
    expect(await sale.code, sale.output()).toBe(130);
    await until(() => !pids.some(isRunning), 10_000, 'every process of the sale to end');
  }, 60_000);
});

/** Children, and theirs. */
async function descendantsOf(pid: number): Promise<number[]> {
  const ps = spawn('ps', ['-A', '-o', 'ppid=,pid='], { stdio: ['ignore', 'pipe', 'inherit'] });
  let table = '';
  ps.stdout.on('data', (chunk) => {
    table += chunk;
  });
  await once(ps, 'close');
  const rows = table
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const parent of found) {
    for (const [above, below] of rows) if (above === parent && below !== undefined) found.push(below);
  }
  return found.slice(1).filter((each) => each !== ps.pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
