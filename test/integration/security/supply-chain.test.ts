// What somebody gets who installs the package: which files, which packages under it, and nothing that runs by itself.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { billOfMaterials, bundledPaths } from '../../support/sbom.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
}

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function read<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(ROOT, ...path), 'utf8')) as T;
}

const manifest = read<Manifest>('package.json');
const { packages } = read<{ packages: Readonly<Record<string, Locked>> }>('package-lock.json');

/** Where a package that `from` depends on is installed: next to it, or further up. */
function installed(name: string, from: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules') - 1))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === '') throw new Error(`${name}, which ${from} needs, is not locked.`);
  }
}

/** Everything under the package, wherever it lies. */
function runtimeTree(): string[] {
  const found = new Set<string>();
  const visit = (from: string, { dependencies = {} }: Locked | Manifest): void => {
    for (const name of Object.keys(dependencies)) {
      const path = installed(name, from);
      if (found.has(path)) continue;
      found.add(path);
      visit(path, packages[path] ?? {});
    }
  };
  visit('', manifest);
  return [...found].sort();
}

/** Scripts that npm runs when somebody installs a package, `binding.gyp` among them. */
function runsAtInstall(path: string): string[] {
  const { scripts = {} } = read<Manifest>(path, 'package.json');
  const named = ['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => name in scripts);
  return existsSync(join(ROOT, path, 'binding.gyp')) ? [...named, 'binding.gyp'] : named;
}

describe('nothing runs by itself', () => {
  test('when the package is installed', () => {
    const names = Object.keys(manifest.scripts ?? {});
    expect(names).toEqual(expect.arrayContaining(['prepack']));
    const lifecycle = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare'];
    expect(names.filter((name) => lifecycle.includes(name) || name === 'prepublish')).toEqual([]);
    expect(readdirSync(ROOT)).not.toContain('binding.gyp');
  });

  test('when what is under it is installed', () => {
    const tree = runtimeTree();
    expect(tree.length).toBeGreaterThanOrEqual(4);
    // `prepare` runs only where a package comes from git.
    const running = tree.filter((path) => runsAtInstall(path).some((name) => name !== 'prepare'));
    expect(running).toEqual([]);
    expect(tree.filter((path) => packages[path]?.hasInstallScript)).toEqual([]);
  });

  test('the search would find one: esbuild, for development, has one', () => {
    expect(packages['node_modules/esbuild']?.hasInstallScript).toBe(true);
    expect(runsAtInstall('node_modules/esbuild')).toContain('postinstall');
  });
});

describe('the lock file', () => {
  test('has a hash for every package, and no address of a registry', () => {
    const locked = Object.entries(packages).filter(([path, { link }]) => path !== '' && !link);
    expect(locked.length).toBeGreaterThan(100);
    expect(
      locked.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path),
    ).toEqual([]);
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  test('takes nothing at run time for something else', () => {
    for (const path of runtimeTree()) expect(packages[path]?.dev, path).toBeUndefined();
  });
});

describe('the tarball', () => {
  interface Packed {
    readonly files: readonly { readonly path: string }[];
    readonly bundled: readonly string[];
  }

  test('has what is built, and no tests, keys or settings', () => {
    const npm = platform() === 'win32' ? 'npm.cmd' : 'npm';
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const { stdout } = spawnSync(npm, args, { cwd: ROOT, encoding: 'utf8', shell: platform() === 'win32' });
    const [packed] = JSON.parse(stdout) as Packed[];
    const paths = packed?.files.map(({ path }) => path) ?? [];
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    const ours =
      /^(dist\/([\w-]+\.(c?js|d\.c?ts)(\.map)?|bundled-licences\.txt)|CHANGELOG\.md|LICENSE|README\.md|package\.json)$/;
    expect(paths.filter((path) => !ours.test(path))).toEqual([]);
    expect(packed?.bundled).toEqual([]);
    expect(manifest.files).toEqual(['dist', 'CHANGELOG.md']);
  });
});

describe('the bill of materials', () => {
  test('names exactly what is under the package and in its program, each with its hash', () => {
    const bill = billOfMaterials();
    expect(bill.bomFormat).toBe('CycloneDX');
    expect(bill.metadata.component).toMatchObject({ name: manifest.name, version: manifest.version });
    const inProgram = bundledPaths(packages);
    expect(inProgram.size).toBeGreaterThan(2);
    const expected = [...new Set([...runtimeTree(), ...inProgram])].map((path) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return `${name}@${packages[path]?.version}`;
    });
    expect(bill.components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(expected.sort());
    for (const { name, hashes = [] } of bill.components)
      expect(
        hashes.map(({ alg }) => alg),
        name,
      ).toEqual(['SHA-512']);
  });

  test('stays out of the repository', () => {
    expect(readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n')).toContain('sbom.cdx.json');
  });
});

describe('the workflows', () => {
  const folder = join(ROOT, '.github', 'workflows');
  const workflows = readdirSync(folder).map(
    (name) => [name, readFileSync(join(folder, name), 'utf8')] as const,
  );

  test.each(workflows)('%s has pinned actions and no more rights than it needs', (_, text) => {
    const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
    expect(actions.length).toBeGreaterThan(1);
    expect(actions.filter((action) => !/^actions\/[\w-]+@(v\d+|[0-9a-f]{40})$/.test(action ?? ''))).toEqual(
      [],
    );
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(text).not.toMatch(/write-all|contents: write|secrets\./);
    // What others can name must not become part of a script.
    for (const [, script] of text.matchAll(/run: (?:\|\n((?: {10}.*\n)+)|.*)/g))
      expect(script ?? '').not.toContain('${{');
  });

  test('publish.yml runs all tests first, and publishes with provenance and a bill of materials', () => {
    const text = readFileSync(join(folder, 'publish.yml'), 'utf8');
    expect(text.match(/^ +id-token: write$/gm)).toHaveLength(1);
    const steps = ['run: .ci/run', 'needs: test', 'run: npm run sbom', 'path: sbom.cdx.json'];
    const at = [...steps, 'run: npm publish --provenance --access public'].map((step) => text.indexOf(step));
    expect(at.every((each) => each > 0)).toBe(true);
    expect(at).toEqual([...at].sort((a, b) => a - b));
  });
});
