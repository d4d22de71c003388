// `npm run test:rules`: takes each guard out of a copy of the sources and demands that its tests fail. What survives
// is a rule that nothing proves.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTATIONS } from './mutations.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const copy = mkdtempSync(join(tmpdir(), 'redis-near-cache-rules-'));
for (const part of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
  cpSync(join(ROOT, part), join(copy, part), { recursive: true });
}
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'dir');

const only = process.argv[2];
const chosen = MUTATIONS.filter(({ rule }) => only === undefined || rule === only);
if (chosen.length === 0) throw new Error(`No guard of a rule ${only}.`);
let survived = 0;
try {
  // What fails untouched would prove nothing.
  for (const tests of new Set(chosen.map((mutation) => mutation.tests))) {
    if (run(tests) === 0) continue;
    process.stdout.write(`??  ${tests} fails by itself\n`);
    survived++;
  }
  for (const mutation of chosen) if (!caught(mutation)) survived++;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.stdout.write(
  survived === 0 ? 'Every guard is proven.\n' : `${survived} guards could go unnoticed.\n`,
);
process.exit(survived === 0 ? 0 : 1);

function caught({ rule, what, file, find, replace, tests }) {
  const path = join(copy, 'src', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(find).length !== 2) {
    process.stdout.write(`??  ${rule}: ${what}: the guard is not where it was in ${file}\n`);
    return false;
  }
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  const status = run(tests);
  writeFileSync(path, source);
  const verdict = status === 1;
  process.stdout.write(`${verdict ? 'caught' : 'NOT CAUGHT'}  ${rule}: ${what}\n`);
  return verdict;
}

/** @returns the exit code of these tests: 1 when some failed */
function run(tests) {
  return spawnSync(join(ROOT, 'node_modules', '.bin', 'vitest'), ['run', `test/${tests}`], {
    cwd: copy,
    stdio: 'ignore',
    timeout: 120_000,
  }).status;
}
