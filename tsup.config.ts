import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Options } from 'tsup';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/** For the program alone: part of it, so that whoever installs the package does not install them. */
const BUNDLED = ['cli-table3', 'simple-ascii-chart'];

/** Folders of packages that became part of a build. */
const included = new Set<string>();

const common: Options = {
  format: ['esm', 'cjs'],
  target: 'node20',
  sourcemap: true,
  treeshake: true,
};

export default defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      prometheus: 'src/metrics/prometheus.ts',
      opentelemetry: 'src/metrics/opentelemetry.ts',
    },
    dts: { compilerOptions: { stripInternal: true } },
    // Both are built at the same time; the program replaces its own files.
    clean: ['!cli.*', '!bundled-licences.txt'],
    // One NearCacheError for all entry points, in CommonJS too.
    splitting: true,
  },
  {
    ...common,
    entry: { cli: 'src/cli/main.ts' },
    splitting: false,
    noExternal: BUNDLED,
    // Colours, which cli-table3 does without.
    external: ['@colors/colors'],
    define: { NEAR_CACHE_VERSION: JSON.stringify(version) },
    esbuildPlugins: [
      {
        name: 'licences of what is bundled',
        setup(build) {
          build.onEnd(({ metafile }) => {
            for (const input of Object.keys(metafile?.inputs ?? {})) {
              const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? [];
              if (folder !== undefined) included.add(folder);
            }
            mkdirSync('dist', { recursive: true });
            writeFileSync(
              join('dist', 'bundled-licences.txt'),
              [...included].sort().map(licenceOf).join('\n'),
            );
          });
        },
      },
    ],
  },
]);

/** The licence of a package, which asks to go wherever its code goes. */
function licenceOf(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    'name' | 'version' | 'license',
    string
  >;
  const path = file === undefined ? '' : join(folder, file);
  if (!existsSync(path)) throw new Error(`${name} has no licence to be passed on.`);
  return `${name} ${version} (${license})\n\n${readFileSync(path, 'utf8').trim()}\n`;
}
