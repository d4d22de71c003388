// A process ends by itself, whenever and however its near caches were closed.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { byName, KINDS } from '../../support/majors.js';
import { until } from '../../support/until.js';

const bed = await ReplicatedBed.start();
afterAll(() => bed.stop());

/** From the last line of a script on. Unit: ms. */
const SOON = 3_000;

async function endsByItself(script: string, ...args: string[]): Promise<void> {
  const path = fileURLToPath(new URL(`./scripts/${script}`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const exit = once(child, 'exit');
  try {
    await until(() => output.includes('done') || child.exitCode !== null, 60_000, 'the script to be done');
    const done = performance.now();
    const hasEnded = () => child.exitCode !== null;
    await until(hasEnded, 10_000, 'the process to end');
    expect(await exit).toEqual([0, null]);
    expect(output).toContain('done');
    expect(performance.now() - done).toBeLessThan(SOON);
  } finally {
    child.kill('SIGKILL');
  }
}

test.each(byName(KINDS))(
  'closed at odd moments, of %s',
  (name) => endsByItself('ends.ts', bed.primary.url, name),
  90_000,
);

test.each([4, 5, 6])('with an unreferenced client of v%i', (major) =>
  endsByItself('ends-unreferenced.ts', bed.primary.url, `${major}`, '0'),
);

test.each([4, 5, 6])('with an unreferenced client of v%i, and replicas that were found', (major) =>
  endsByItself('ends-unreferenced.ts', bed.primary.url, `${major}`, '2'),
);
