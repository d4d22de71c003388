// What the package adds to a bundle: bounds that keep it from growing unnoticed, and what is shaken off.

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEPENDENCIES = ['lru-cache', 'eventemitter3'];

/** The minified bundle of a program that uses the package; @redis/client is not part of it. */
async function bundled(program: string, external: readonly string[] = []): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: ROOT },
    alias: { 'redis-near-cache': `${ROOT}src/index.ts` },
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'esm',
    external: ['@redis/client', ...external],
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

const WRAPPING = "import { withNearCache } from 'redis-near-cache'; console.log(withNearCache);";

describe('a bundle of withNearCache', () => {
  test('stays inside its bounds', async () => {
    const all = await bundled(WRAPPING);
    const own = await bundled(WRAPPING, DEPENDENCIES);
    expect(own.length).toBeGreaterThan(10_000);
    // Loaders are 19 kB of it: scripts, options, the way of a load.
    expect(own.length).toBeLessThan(136_000);
    expect(all.length - own.length, 'lru-cache and eventemitter3').toBeLessThan(24_000);
    expect(gzipSync(all).length).toBeLessThan(54_000);
  });

  test('loads no exporter', async () => {
    const text = Buffer.from(await bundled(WRAPPING)).toString();
    for (const peer of ['prom-client', '@opentelemetry/api']) expect(text).not.toContain(peer);
  });
});

test('what is not used is shaken off', async () => {
  const errors = await bundled(
    "import { NearCacheError } from 'redis-near-cache'; console.log(NearCacheError);",
  );
  const codec = await bundled("import { json } from 'redis-near-cache'; console.log(json);");
  expect(errors.length).toBeLessThan(2_000);
  expect(codec.length).toBeLessThan(2_000);
});
