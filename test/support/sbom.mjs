// `npm run sbom`: writes sbom.cdx.json, what somebody gets who installs the package, by package-lock.json: what is installed with
// it, and what is part of its program. `npm sbom` is asked about a copy of the manifest and the lock file that has nothing
// else for development: with `--omit dev` it leaves out what is needed for both.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Packages that the build makes part of the program (tsup.config.ts), together with what they depend on. */
export const BUNDLED = ['cli-table3', 'simple-ascii-chart'];

/** @returns {object} the bill of materials, CycloneDX as JSON */
export function billOfMaterials() {
  const manifest = read('package.json');
  const lock = read('package-lock.json');
  const { devDependencies, overrides: _overrides, scripts: _scripts, ...rest } = manifest;
  const bundled = Object.fromEntries(BUNDLED.map((name) => [name, devDependencies[name]]));
  const shipped = { ...rest, dependencies: { ...rest.dependencies, ...bundled } };
  const inProgram = bundledPaths(lock.packages);
  const packages = Object.fromEntries(
    Object.entries(lock.packages)
      .filter(([path, entry]) => path !== '' && (inProgram.has(path) || (!entry.dev && !entry.devOptional)))
      .map(([path, { dev: _dev, optionalDependencies: _optional, ...entry }]) => [path, entry]),
  );
  const folder = mkdtempSync(join(tmpdir(), 'near-cache-sbom-'));
  // npm calls the root by its folder.
  const root = join(folder, manifest.name);
  try {
    mkdirSync(root);
    write(join(root, 'package.json'), shipped);
    const { name, version, license, dependencies, engines, peerDependencies, peerDependenciesMeta } = shipped;
    const own = { name, version, license, dependencies, engines, peerDependencies, peerDependenciesMeta };
    write(join(root, 'package-lock.json'), { ...lock, packages: { '': own, ...packages } });
    const npm = platform() === 'win32' ? 'npm.cmd' : 'npm';
    const args = [
      'sbom',
      '--package-lock-only',
      '--sbom-format',
      'cyclonedx',
      '--omit',
      'dev',
      '--omit',
      'peer',
    ];
    const made = spawnSync(npm, args, { cwd: root, encoding: 'utf8', shell: platform() === 'win32' });
    if (made.status !== 0) throw new Error(`npm sbom failed: ${made.stderr}`);
    return JSON.parse(made.stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the lock file has what is part of the program. */
export function bundledPaths(packages) {
  const found = new Set();
  const visit = (name, from) => {
    let folder = from;
    let path = `${folder}node_modules/${name}`;
    while (packages[path] === undefined && folder !== '') {
      folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/', folder.length - 2)));
      path = `${folder}node_modules/${name}`;
    }
    if (packages[path] === undefined) throw new Error(`${name}, which is bundled, is not locked.`);
    if (found.has(path)) return;
    found.add(path);
    for (const each of Object.keys(packages[path].dependencies ?? {})) visit(each, `${path}/`);
  };
  for (const name of BUNDLED) visit(name, '');
  return found;
}

function read(name) {
  return JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
}

function write(path, content) {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(ROOT, 'sbom.cdx.json');
  const bill = billOfMaterials();
  write(file, bill);
  process.stdout.write(`${file}: ${bill.components.length} packages\n`);
}
