// The program `redis-near-cache`: what it takes, what it refuses, what it shows.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { numberOf } from '../../src/cli/command.js';
import { parsePrefixes } from '../../src/cli/plan/prefix-list.js';
import { run } from '../../src/cli/run.js';

const FLEET = ['--processes', '200', '--writes', '500', '--reads', '1e5'];

async function program(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await run(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

test('without a command, and with --help, it says what there is', async () => {
  for (const args of [[], ['--help'], ['-h'], ['help']]) {
    const { code, out } = await program(...args);
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: redis-near-cache <command>/);
    expect(out).toMatch(/^ {2}plan /m);
  }
  expect(await program('--version')).toMatchObject({ code: 0, err: '' });
});

test('as a program, it ends with the code and writes where it should', () => {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const started = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', main, ...args], { encoding: 'utf8' });
  const refused = started('plan', '--processes', 'many');
  expect(refused).toMatchObject({ status: 2, stdout: '' });
  expect(refused.stderr).toMatch(/^ERR_NEAR_OPTION: Option --processes must be a whole number/);
  expect(started('plan', ...FLEET)).toMatchObject({ status: 0, stderr: '' });
});

describe('plan', () => {
  test('--help names every option and an example that works', async () => {
    const { out } = await program('plan', '--help');
    const [, example = ''] = /Example:\n {2}npx redis-near-cache (.*)\n/.exec(out) ?? [];
    const args = [...example.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    expect(await program(...args)).toMatchObject({ code: 0, err: '' });
  });

  test('shows tables, a plot and advice within 120 columns', async () => {
    const { code, out } = await program('plan', ...FLEET, '--prefixes', 'product:=40%,user:=100/s');
    expect(code).toBe(0);
    for (const part of [
      '│ primary',
      'core for tracking',
      'Busiest node in % of a core',
      '┤',
      'the best first',
      'Best: ',
    ]) {
      expect(out).toContain(part);
    }
    const drawn = out.split('\n').filter((line) => /[│┤┏]/.test(line));
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test('--json gives the same for programs', async () => {
    const { out } = await program('plan', ...FLEET, '--prefixes', '3', '--json');
    const outcome = JSON.parse(out) as { input: { prefixes: unknown[] }; plan: object; advice: unknown[] };
    expect(outcome.input.prefixes).toHaveLength(3);
    expect(outcome.plan).toMatchObject({ nodes: [{ role: 'primary', trackers: 200 }] });
    expect(outcome.advice.length).toBeGreaterThanOrEqual(5);
  });

  test.each([
    [['plan'], 'Option --processes is missing'],
    [['plan', ...FLEET, '--nodes', '3'], "Unknown option '--nodes'"],
    [['plan', ...FLEET, 'product:'], "Unexpected argument 'product:'"],
    [['plan', ...FLEET, '--batch'], "Option '--batch <value>' argument missing"],
    [['plan', ...FLEET, '--processes', '1.5'], 'Option --processes must be a whole number from 1'],
    [['plan', ...FLEET, '--processes', '0'], 'received "0"'],
    [['plan', ...FLEET, '--writes=-1'], 'Option --writes must be a number from 0'],
    [['plan', ...FLEET, '--writes', 'NaN'], 'received "NaN"'],
    [['plan', ...FLEET, '--hit-ratio', '90'], 'Option --hit-ratio must be a number from 0 to 1'],
    [['plan', ...FLEET, '--server', 'toString'], 'Option --server must be one of'],
    [['plan', ...FLEET, '--prefixes', 'a:=60%,b:=300/s'], 'Option --prefixes must be'],
    [['plan', ...FLEET, '--prefixes', '0'], 'Option --prefixes must be a whole number from 1'],
    [['plna'], 'Unknown command "plna"'],
  ])('%j is refused: %s', async (args, message) => {
    const { code, err, out } = await program(...args);
    expect(err).toMatch(/^ERR_NEAR_OPTION: /);
    expect(err).toContain(message);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});

test('numbers', () => {
  const texts = ['5000', '5k', '2M', '2e6', '1_000', '.5', '1.5k', '', 'x', '1e', '-1', '0x10', 'Infinity'];
  expect(texts.map(numberOf)).toEqual([
    5_000,
    5_000,
    2e6,
    2e6,
    1_000,
    0.5,
    1_500,
    ...Array.from({ length: 6 }, () => undefined),
  ]);
});

describe('prefixes', () => {
  test('take their part of the writes, and those without share the rest', () => {
    expect(parsePrefixes('a:=200/s,b:=10%,c:,d:', 1_000)).toEqual([
      { name: 'a:', share: 0.2 },
      { name: 'b:', share: 0.1 },
      { name: 'c:', share: 0.35 },
      { name: 'd:', share: 0.35 },
    ]);
    expect(parsePrefixes('4', 1_000).map(({ share }) => share)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(parsePrefixes('a=b=50%', 10)).toEqual([{ name: 'a=b', share: 0.5 }]);
    expect(parsePrefixes('a:=0/s', 0)).toEqual([{ name: 'a:', share: 0 }]);
  });

  test.each(['', ',', 'a:=', 'a:=5', 'a:=x%', '=5%', 'a:,a:', 'a:=101%', 'a:=1/s'])(
    '%j is refused',
    (text) => {
      expect(() => parsePrefixes(text, 0)).toThrow(/Option --prefixes/);
    },
  );
});
