import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

// The first that fits counts, and `redis-near-cache` fits all.
const alias = {
  'redis-near-cache/prometheus': source('metrics/prometheus.ts'),
  'redis-near-cache/opentelemetry': source('metrics/opentelemetry.ts'),
  'redis-near-cache': source('index.ts'),
};

/** Leases of half a second want a machine that is not busy with another file's servers. */
const onServers = {
  fileParallelism: false,
  // For the tests that measure the heap.
  execArgv: ['--expose-gc'],
  testTimeout: 30_000,
  hookTimeout: 30_000,
};
const LIFECYCLE = 'test/integration/lifecycle/**/*.test.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        resolve: { alias },
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000 },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          ...onServers,
          include: ['test/integration/**/*.test.ts'],
          exclude: [LIFECYCLE],
        },
      },
      {
        resolve: { alias },
        // Apart, because they are a fifth of these tests' time.
        test: { name: 'lifecycle', ...onServers, include: [LIFECYCLE] },
      },
      {
        resolve: { alias },
        test: {
          name: 'contract',
          fileParallelism: false,
          include: ['test/contract/**/*.test.ts', 'test/differential/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: { name: 'model', include: ['test/model/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        resolve: { alias },
        // What measures: nothing else runs beside it.
        test: {
          name: 'alone',
          fileParallelism: false,
          include: ['test/alone/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: { name: 'soak', fileParallelism: false, include: ['test/soak/**/*.test.ts'] },
      },
    ],
  },
});
