// All tests, part by part. Goes on after a failure, so that one run shows all, and counts truly: each vitest test is one, each
// other part is one. The integration tests mostly wait for servers, so the rest is done beside them.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BIN = join(ROOT, 'node_modules', '.bin');
const reports = mkdtempSync(join(tmpdir(), 'redis-near-cache-tests-'));
let passed = 0;
let failed = 0;

await check('types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']);
await check('lint', 'biome', ['check', '.']);
await check('build', 'tsup', []);
await check('package', 'publint', ['--strict']);
await check('package types', 'attw', ['--pack', '.', '--quiet']);
await vitest('unit', process.stdout);
await Promise.all([
  vitest('integration', process.stdout),
  beside(['lifecycle', 'contract', 'model', 'soak']),
]);

// These measure, so nothing runs beside them. Ratios only: bench/budgets.json.
await vitest('alone', process.stdout);
await check('speed', 'tsx', ['bench/check.ts', '--built']);

rmSync(reports, { recursive: true, force: true });
const line = `tests: ${passed} passed, ${failed} failed`;
if (process.env.TEST_SUMMARY_FILE) writeFileSync(process.env.TEST_SUMMARY_FILE, `${line}\n`);
process.stdout.write(`\n${line}\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function check(part, command, args) {
  title(part, process.stdout);
  if ((await run(command, args, process.stdout)) === 0) passed++;
  else failed++;
}

/** One after the other; what each says is shown when it has ended, as a whole. */
async function beside(projects) {
  for (const project of projects) {
    const said = [];
    await vitest(project, { write: (text) => said.push(text) });
    process.stdout.write(said.join(''));
  }
}

async function vitest(project, out) {
  title(project, out);
  const file = join(reports, `${project}.json`);
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json'];
  const status = await run('vitest', [...args, `--outputFile.json=${file}`], out);
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

function run(command, args, out) {
  const child = spawn(join(BIN, command), args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => out.write(text));
  }
  return new Promise((resolve) => {
    child.on('error', (error) => {
      out.write(`${error.message}\n`);
      resolve(1);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
}

function title(part, out) {
  out.write(`\n== ${part} ==\n`);
}
