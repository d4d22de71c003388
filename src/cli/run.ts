// The command line: picks the command, checks its options, prints. Knows no command by itself: they are in a table.

import { parseArgs } from 'node:util';
import { NearCacheError } from '../errors.js';
import type { Command } from './command.js';
import { planCommand } from './plan/plan-command.js';

/** Put in by the build. */
declare const NEAR_CACHE_VERSION: string | undefined;

const COMMANDS: readonly Command[] = [planCommand];

/** Where a command line writes to. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** @returns the exit code: 2 when the command line is wrong, 1 when the command failed */
export async function run(args: readonly string[], { out, err }: Output): Promise<number> {
  try {
    out(await answer(args));
    return 0;
  } catch (error) {
    if (!(error instanceof NearCacheError)) throw error;
    err(`${error.code}: ${error.message}\n`);
    return error.code === 'ERR_NEAR_OPTION' ? 2 : 1;
  }
}

function answer(args: readonly string[]): string | Promise<string> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return overview();
  if (name === '--version' || name === '-v') {
    return `${typeof NEAR_CACHE_VERSION === 'string' ? NEAR_CACHE_VERSION : 'not built'}\n`;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    const known = COMMANDS.map((each) => each.name).join(', ');
    throw new NearCacheError('ERR_NEAR_OPTION', `Unknown command ${JSON.stringify(name)}. Known: ${known}.`);
  }
  const given = parse(command, rest);
  return given.help === true ? helpOf(command) : command.run(given);
}

function parse(command: Command, args: readonly string[]): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, help: HELP }).map(([name, { type }]) => [name, { type }]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return values as Record<string, string | boolean | undefined>;
  } catch (error) {
    // The first sentence; what follows explains how to pass an argument that begins with a dash.
    const message = error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error);
    throw new NearCacheError(
      'ERR_NEAR_OPTION',
      `${message.replace(/\.$/, '')}. See redis-near-cache ${command.name} --help.`,
    );
  }
}

const HELP = { type: 'boolean' as const, help: 'this text' };

function overview(): string {
  const commands = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`);
  return `Usage: redis-near-cache <command> [options]

Commands:
${commands.join('\n')}

Options:
  --help     this text, or that of a command
  --version  the version of the package
`;
}

function helpOf(command: Command): string {
  const lines = Object.entries({ ...command.options, help: HELP }).map(([name, option]) => {
    const value = 'value' in option && option.value !== undefined ? ` ${option.value}` : '';
    return `  ${`--${name}${value}`.padEnd(24)} ${option.help}`;
  });
  return `Usage: redis-near-cache ${command.name} [options]

${command.summary}

Options:
${lines.join('\n')}

Numbers may be written as 5000, 5k, 2M or 2e6.

Example:
  ${command.example}
`;
}
