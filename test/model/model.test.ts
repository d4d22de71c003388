// The promises (a) to (d) in every order of events of the scenarios, and a counterexample for each guard that is taken out.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyScenario } from './any-scenario.js';
import { GUARDS, type Guard } from './guards.js';
import { SCENARIOS } from './scenarios.js';
import { exhaust, sample } from './search.js';
import { seeded } from './seeded.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));

/** Orders per scenario here; `npm run test:model` goes through more. */
const LIMIT = 4_000;
/** A guard must be missed within so many. */
const LIMIT_OF_GUARDS = 4_000;

describe('whatever the order of events, the promises hold', () => {
  test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
    const { found, orders } = exhaust(scenario, LIMIT);
    expect(found).toBeUndefined();
    expect(orders).toBeGreaterThan(50);
  });
});

test('so they do in scenarios and orders made up at random', () => {
  fc.assert(
    fc.property(anyScenario, fc.integer(), (scenario, seed) => {
      const { found } = sample(scenario, 5, seeded(seed), new Set());
      if (found !== undefined) throw new Error(`${found.violation}\n${found.trace.join('\n')}`);
    }),
    { numRuns: 400 },
  );
});

describe('without a guard the search finds an order that breaks a promise', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redis-near-cache-model-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(GUARDS.map((guard) => [`${guard.rule}: ${guard.what}`, guard] as const))(
    '%s',
    async (name, guard) => {
      const { searchAll } = (await import(await without(guard, folder))) as typeof import('./search-all.js');
      const found = searchAll(LIMIT_OF_GUARDS, seeded(1));
      expect(found, name).toMatchObject({ violation: expect.stringMatching(/^\([abcd]\)/) });
    },
    60_000,
  );
});

/** The model around sources that lack a guard. */
async function without({ edits, file }: Guard, folder: string): Promise<string> {
  const path = join(SOURCES, file);
  let source = readFileSync(path, 'utf8');
  for (const [find, replace] of edits) {
    expect(source.split(find), `the guard is in ${file}, once`).toHaveLength(2);
    source = source.replace(find, () => replace);
  }
  const { outputFiles } = await build({
    entryPoints: [join(HERE, 'search-all.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    plugins: [
      {
        name: 'without',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, (loaded) =>
            loaded.path === path ? { contents: source, loader: 'ts' as const } : undefined,
          );
        },
      },
    ],
  });
  const built = join(folder, `${Math.random()}.mjs`);
  await writeFile(built, outputFiles[0]?.contents ?? '');
  return pathToFileURL(built).href;
}
