// `npm run sbom`: writes sbom.cdx.json, what somebody gets who installs the package, by package-lock.json. `npm sbom` is asked
// about a copy of the manifest and the lock file that has nothing for development: with `--omit dev` it leaves out what is
// needed for both.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @returns {object} the bill of materials, CycloneDX as JSON */
export function billOfMaterials() {
  const manifest = read('package.json');
  const lock = read('package-lock.json');
  const { devDependencies: _dev, overrides: _overrides, scripts: _scripts, ...shipped } = manifest;
  const packages = Object.fromEntries(
    Object.entries(lock.packages).filter(([path, entry]) => path !== '' && !entry.dev && !entry.devOptional),
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
