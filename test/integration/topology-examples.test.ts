// The examples of topologies run as they stand, each against a bed of its own, and print what their page shows.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ClusterBed } from '../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../support/beds/replicated-bed.js';
import { SentinelBed } from '../support/beds/sentinel-bed.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function run(name: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const command = ['--import', 'tsx', `examples/${name}`, ...args];
  const options = { cwd: ROOT, env: { ...process.env, ...env }, timeout: 25_000 };
  const { stdout } = await promisify(execFile)(process.execPath, command, options);
  return stdout;
}

test('cluster.ts reads each key once from Redis, and every primary is tracked', async () => {
  await using bed = await ClusterBed.start();
  const output = await run('cluster.ts', { REDIS_URL: bed.rootNodes[0]?.url });
  expect(Number(/hits: (\d+),/.exec(output)?.[1])).toBeGreaterThanOrEqual(4);
  expect(output.match(/'primary' │ 'armed' │ true/g)).toHaveLength(3);
});

test('replicas.ts has misses answered by replicas', async () => {
  await using bed = await ReplicatedBed.start();
  const output = await run('replicas.ts', { REDIS_URL: bed.primary.url });
  expect(output).toContain('a replica answers misses\n');
  expect(output).toContain('\nteapot\n');
  // One more if the loop gets as far as the key that is held already.
  expect(output).toMatch(/hits: 2[01],/);
  const reads = Array.from(output.matchAll(/'replica' .* (\d+) +│$/gm), ([, count]) => Number(count));
  expect(reads.reduce((sum, count) => sum + count, 0)).toBe(20);
});

test('sentinel.ts serves again after a failover', async () => {
  await using bed = await SentinelBed.start();
  const [sentinel] = bed.sentinelRootNodes;
  const output = await run('sentinel.ts', { SENTINEL: `${sentinel?.host}:${sentinel?.port}` }, '--failover');
  expect(output).toMatch(/^near cache: connecting -> serving \(armed\)\nteapot\nteapot\n/);
  expect(output).toMatch(/serving -> bypass[\s\S]*bypass -> serving \(armed\)\nsamovar\nsamovar\n/);
});
