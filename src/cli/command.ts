// What a command of the command line is: its options, each with a check and a line of help, and what it does with them.

import { NearCacheError } from '../errors.js';

/** An option that takes a text, or none. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly help: string;
}

/** Options as they were given: those without a value are `true`. */
export type Given = Readonly<Record<string, string | boolean | undefined>>;

/** A command: `redis-near-cache <name> [options]`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** One that works as it stands. */
  readonly example: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** What is to be printed. @throws NearCacheError `ERR_NEAR_OPTION` */
  readonly run: (given: Given) => string | Promise<string>;
}

/** @throws NearCacheError `ERR_NEAR_OPTION` that names the option, what it takes and what came */
export function invalidOption(name: string, expected: string, received: unknown): NearCacheError {
  const shown = received === undefined ? 'nothing' : JSON.stringify(received);
  return new NearCacheError('ERR_NEAR_OPTION', `Option --${name} must be ${expected}; received ${shown}.`);
}

/** A number like `5000`, `2e6`, `5k` or `2M`; `undefined` if it is none. */
export function numberOf(text: string): number | undefined {
  const [, digits = '', unit = ''] =
    /^(\d+(?:\.\d+)?(?:e\+?\d+)?|\.\d+)([kM]?)$/i.exec(text.replaceAll('_', '')) ?? [];
  if (digits === '') return undefined;
  return Number(digits) * (unit === '' ? 1 : unit === 'k' || unit === 'K' ? 1e3 : 1e6);
}
