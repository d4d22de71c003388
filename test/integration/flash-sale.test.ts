// The main job, in its quick form: what it promises in its summary holds, and its exit code says so.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('the quick flash sale ends well: far fewer GETs, nothing staler than the lease, nothing stuck', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'near-cache-sale-'));
  const file = join(folder, 'summary.json');
  const script = fileURLToPath(new URL('../../examples/flash-sale/start.mjs', import.meta.url));
  const sale = spawn(process.execPath, [script, '--quick', '--json', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [sale.stdout, sale.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(sale, 'exit');
  expect(code, output).toBe(0);
  const summary = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(folder, { recursive: true });
  expect(summary).toMatchObject({ failures: [], stuck: 0, leaseMs: expect.any(Number) });
  expect(summary.worstStalenessMs).toBeLessThanOrEqual(summary.leaseMs);
  expect(summary.hotGetRatio).toBeGreaterThan(99);
  expect(summary.comparedFromMemory).toBeGreaterThan(1_000);
  expect(summary.acts.faults.recoveries).toBeGreaterThanOrEqual(6);
  expect(output).toContain('bypass');
}, 120_000);
