// `npm start -- --stampede`, in its quick form: what it shows holds, and its exit code says so.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../examples/flash-sale/start.mjs', import.meta.url));

async function run(...args: string[]): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, [SCRIPT, '--stampede', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

test('each defence lets fewer queries through than none, and the lock one for each expiry', {
  timeout: 180_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'near-cache-stampede-'));
  const file = join(folder, 'figures.json');
  const { code, output } = await run('--quick', '--workers', '2', '--readers', '8', '--json', file);
  expect(code, output).toBe(0);
  const { figures } = JSON.parse(readFileSync(file, 'utf8')) as {
    figures: { queriesPerExpiry: number; reads: number }[];
  };
  rmSync(folder, { recursive: true });
  expect(figures).toHaveLength(5);
  const [none, ...defended] = figures;
  for (const { queriesPerExpiry } of defended) {
    expect(queriesPerExpiry).toBeGreaterThan(0);
    expect(queriesPerExpiry).toBeLessThan(none?.queriesPerExpiry ?? 0);
  }
  expect(output).toContain('queries per expiry');
});

test('--help explains itself, and what it does not know it refuses', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, output: expect.stringContaining('--workers N') });
  expect(await run('--workers', '0')).toMatchObject({
    code: 2,
    output: expect.stringContaining('--workers must be'),
  });
});
