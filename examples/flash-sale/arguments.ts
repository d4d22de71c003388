// The command line: what may be asked for, and how long each part of the sale then takes.

import { parseArgs } from 'node:util';

export const HELP = `A flash sale on a real Redis: the plain client, the near cache, and the near cache under faults.

Usage: npm start -- [options]

  --cluster        on a cluster of three primaries and three replicas, started for it: one shard has the hot key, and
                   loses its primary during the sale
  --quick          under 30 s instead of about a minute, on a cluster under 40 s instead of under 2 minutes
  --url URL        use this Redis (redis://host:port) instead of starting one; writes and then removes the
                   keys product:flash-sale:* and product:item:* there, and pauses its clients for 2 s
  --workers N      processes that act as application servers (default 3, on a cluster 8)
  --readers N      readers in each of them (default 32)
  --seed N         seed of everything drawn at random (default 1)
  --json FILE      write the summary there too, as JSON
  --help           this text

npm start -- --stampede shows something else: a hot key that expires under full load, and what keeps the database from
being asked by everybody.

The server started is REDIS_SERVER_BIN, else redis-server or valkey-server on PATH. Exit code: 0 if every reader
stayed inside the lease and nothing was stuck at the end, and on a cluster if the hot shard was rid of its load; 1 if
not or if anything failed, 2 for a bad option.`;

/** How long each part lasts. Unit: ms. */
export interface Schedule {
  /** At the start of acts one and two; not measured. */
  readonly warmUp: number;
  readonly plain: number;
  readonly near: number;
  /** Before, between and after the faults of act three. */
  readonly calm: number;
  /** How often act three goes through its faults, or failovers. */
  readonly rounds: number;
}

export interface Settings {
  readonly cluster: boolean;
  readonly url: string | undefined;
  readonly workers: number;
  readonly readers: number;
  readonly seed: number;
  readonly json: string | undefined;
  readonly quick: boolean;
  readonly schedule: Schedule;
}

const QUICK: Schedule = { warmUp: 1_000, plain: 3_000, near: 3_000, calm: 1_000, rounds: 1 };
const FULL: Schedule = { warmUp: 2_000, plain: 13_000, near: 16_000, calm: 3_000, rounds: 2 };

/** @returns `'help'` when that is what was asked for. @throws TypeError for what it does not understand. */
export function readArguments(args: readonly string[]): Settings | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cluster: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      url: { type: 'string' },
      workers: { type: 'string' },
      readers: { type: 'string', default: '32' },
      seed: { type: 'string', default: '1' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.url !== undefined && !(/^rediss?:\/\//.test(values.url) && URL.canParse(values.url))) {
    throw new TypeError(`--url must be a redis:// or rediss:// URL; received ${values.url}.`);
  }
  if (values.cluster && values.url !== undefined) {
    throw new TypeError('--cluster starts a cluster of its own; leave --url out.');
  }
  return {
    cluster: values.cluster,
    url: values.url,
    workers: whole('workers', values.workers ?? (values.cluster ? '8' : '3'), 1, 64),
    readers: whole('readers', values.readers, 1, 10_000),
    seed: whole('seed', values.seed, 0, 2 ** 32 - 1),
    json: values.json,
    quick: values.quick,
    schedule: values.quick ? QUICK : FULL,
  };
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new TypeError(`--${name} must be a whole number from ${min} to ${max}; received ${text}.`);
}
