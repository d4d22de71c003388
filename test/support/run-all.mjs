// All tests, part by part: types, lint, build, unit, integration, contract, model, soak. Goes on after a failure, so that one run shows all,
// and counts truly: each vitest test is one, each other part is one.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BIN = join(ROOT, 'node_modules', '.bin');
const reports = mkdtempSync(join(tmpdir(), 'redis-near-cache-tests-'));
let passed = 0;
let failed = 0;

check('types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']);
check('lint', 'biome', ['check', '.']);
check('build', 'tsup', []);
check('package', 'publint', ['--strict']);
check('package types', 'attw', ['--pack', '.', '--quiet']);
vitest('unit');
vitest('integration');
vitest('contract');
vitest('model');
vitest('soak');

rmSync(reports, { recursive: true, force: true });
const line = `tests: ${passed} passed, ${failed} failed`;
if (process.env.TEST_SUMMARY_FILE) writeFileSync(process.env.TEST_SUMMARY_FILE, `${line}\n`);
process.stdout.write(`\n${line}\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function check(part, command, args) {
  title(part);
  if (run(command, args) === 0) passed++;
  else failed++;
}

function vitest(project) {
  title(project);
  const file = join(reports, `${project}.json`);
  const status = run('vitest', [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  const counts = readCounts(file);
  passed += counts.passed;
  failed += counts.failed;
  // A run that failed outside of a test, or that ran none, is a failure of its own.
  if ((status !== 0 && counts.failed === 0) || counts.passed + counts.failed === 0) failed++;
}

function readCounts(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    return { passed: report.numPassedTests, failed: report.numFailedTests };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function run(command, args) {
  return spawnSync(join(BIN, command), args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}

function title(part) {
  process.stdout.write(`\n== ${part} ==\n`);
}
