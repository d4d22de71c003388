// The command line of the stampede.

import { parseArgs } from 'node:util';

export const HELP = `A stampede: one hot key that expires every two seconds under full load, in front of a real database, with
each defence switched on in turn.

Usage: npm start -- --stampede [options]

  --quick          6 s for each defence instead of 12 s
  --workers N      processes that act as application servers (default 4)
  --readers N      readers in each of them, each of which reads every 10 ms (default 16)
  --json FILE      write the figures there too, as JSON
  --help           this text

The server started is REDIS_SERVER_BIN, else redis-server or valkey-server on PATH. The database is SQLite in a process of
its own. Exit code: 0 if the fill lock kept the queries at about one for each expiry, 1 if not or if anything failed, 2 for a bad
option.`;

export interface Settings {
  readonly workers: number;
  readonly readers: number;
  readonly json: string | undefined;
  /** For each defence. Unit: ms. */
  readonly duration: number;
}

/** @returns `'help'` when that is what was asked for. @throws TypeError for what it does not understand. */
export function readArguments(args: readonly string[]): Settings | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stampede: { type: 'boolean', default: true },
      quick: { type: 'boolean', default: false },
      workers: { type: 'string', default: '4' },
      readers: { type: 'string', default: '16' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    workers: whole('workers', values.workers, 64),
    readers: whole('readers', values.readers, 1_000),
    json: values.json,
    duration: values.quick ? 6_000 : 12_000,
  };
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new TypeError(`--${name} must be a whole number from 1 to ${max}; received ${text}.`);
}
