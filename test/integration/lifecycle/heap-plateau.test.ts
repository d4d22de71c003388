// The heap stays on its plateau while keys, sessions, prefixes and readers come and go: a short version of
// bench/heap-churn.ts, in a process of its own, whose heap is small enough for a leak to show.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test.each(['v4', 'v6'])(
  '12 times 6 s of a busy life, of %s',
  async (kind) => {
    const script = fileURLToPath(new URL('../../../bench/heap-churn.ts', import.meta.url));
    const args = ['--minutes', '12', '--scale', '0.1', '--kind', kind];
    const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const [code] = await once(child, 'exit');
    process.stdout.write(`${kind}: ${output.trim().split('\n').at(-1)}\n`);
    expect(output).toMatch(/plateau .* end .* %/);
    expect(code, output).toBe(0);
  },
  120_000,
);
