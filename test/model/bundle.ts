// Builds the model around the sources as they are, or around sources that lack a guard, and loads it.
//
// The search must be able to compare states of the core, whose fields are private: `#name` becomes `_name` on the way.
// Nothing else of the sources is changed.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Guard } from './guards.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));

export type Model = typeof import('./search-all.js');

/** @throws Error if a guard is not where it was */
export async function loadModel(without?: Guard): Promise<Model> {
  const edited = without === undefined ? undefined : { path: join(SOURCES, without.file), guard: without };
  if (edited !== undefined) sourceOf(edited.path, edited.guard);
  const { outputFiles } = await build({
    entryPoints: [join(HERE, 'search-all.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    plugins: [
      {
        name: 'model',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = sourceOf(path, path === edited?.path ? edited.guard : undefined);
            return { contents: contents.replace(/#(?=[a-z])/gi, '_'), loader: 'ts' as const };
          });
        },
      },
    ],
  });
  const folder = await mkdtemp(join(tmpdir(), 'redis-near-cache-model-'));
  const built = join(folder, 'model.mjs');
  await writeFile(built, outputFiles[0]?.contents ?? '');
  try {
    return (await import(pathToFileURL(built).href)) as Model;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sourceOf(path: string, without: Guard | undefined): string {
  let source = readFileSync(path, 'utf8');
  for (const [find, replace] of without?.edits ?? []) {
    if (source.split(find).length !== 2)
      throw new Error(`The guard "${without?.what}" is not in ${without?.file}, once: ${find}`);
    source = source.replace(find, () => replace);
  }
  return source;
}
