// The table of wire commands against the server that is running: what it says of its commands, in COMMAND and in
// COMMAND GETKEYSANDFLAGS, must be what the table says. A newer server may have commands that the table does not
// know; they raise a barrier, unless node-redis has a method for them: then they belong into the table.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { effectOf } from '../../../src/client/effect.js';
import { WIRE_COMMANDS } from '../../../src/client/wire-commands.js';
import { RedisServer } from '../../support/redis-server.js';
import { connectPlain, type PlainClient } from '../../support/rig.js';
import { NO_WRITES } from './no-writes.js';
import { RAW_WRITES } from './raw-writes.js';
import { typedCommand } from './typed-commands.js';
import { title, type WriteCall } from './write-call.js';
import { WRITE_CALLS } from './write-calls.js';

/** What COMMAND answers for one command, as far as it is needed here. */
type Description = [name: string, arity: number, flags: string[], ...unknown[], subcommands: Description[]];

/** The server says that these write; but what they change are libraries, not keys. */
const WRITES_NO_KEYS = ['FUNCTION'];
/** The server says that this only reads; but it keeps what it counted inside the value. */
const READS_WITH_A_TRACE = ['PFCOUNT'];
/** The server does not say that these write: it depends on the script. */
const MAY_WRITE = ['EVAL', 'EVALSHA', 'FCALL'];

let server: RedisServer;
let outsider: PlainClient;
/** The running server's commands in capitals, with their flags and those of their subcommands. */
const flags = new Map<string, { readonly own: readonly string[]; readonly any: readonly string[] }>();

beforeAll(async () => {
  server = await RedisServer.start();
  outsider = await connectPlain(server.url);
  for (const [name, , own, ...rest] of (await outsider.sendCommand([
    'COMMAND',
  ])) as unknown as Description[]) {
    const subcommands = rest.at(-1) as Description[];
    flags.set(name.toUpperCase(), { own, any: [...own, ...subcommands.flatMap((sub) => sub[2])] });
  }
});
afterAll(async () => {
  await outsider.disconnect();
  await server.stop();
});

const kindOf = (name: string): string | undefined => WIRE_COMMANDS[name]?.kind;
const serverCommands = (flagged: 'write' | 'readonly'): string[] =>
  [...flags].filter(([, { any }]) => any.includes(flagged)).map(([name]) => name);

/** The arguments as they go on the wire. */
async function wireOf(call: WriteCall): Promise<(string | Buffer)[]> {
  await outsider.flushAll();
  for (const command of call.given) {
    // What this server does not know prepares nothing; where the keys stand does not depend on it.
    await outsider
      .sendCommand(typeof command === 'string' ? command.split(' ') : [...command])
      .catch(() => {});
  }
  const args = typeof call.args === 'function' ? await call.args({ outsider, otherPort: 1 }) : call.args;
  return RAW_WRITES.includes(call)
    ? [call.command, ...(args as string[])]
    : typedCommand(call.command).encode(args);
}

test('no command that writes is taken for one that does not', () => {
  const missed = serverCommands('write').filter(
    (name) => !['write', 'flush', undefined].includes(kindOf(name)) && !WRITES_NO_KEYS.includes(name),
  );
  expect(missed).toEqual([]);
  for (const name of MAY_WRITE) expect(kindOf(name), name).toBe('write');
});

test('no command that only reads drops anything', () => {
  const needless = serverCommands('readonly').filter(
    (name) =>
      !flags.get(name)?.any.includes('write') &&
      !['neutral', 'read', undefined].includes(kindOf(name)) &&
      !READS_WITH_A_TRACE.includes(name),
  );
  expect(needless).toEqual([]);
});

test('what node-redis has a method for and this server knows is in the table', async () => {
  const unlisted: string[] = [];
  for (const name of Object.values(NO_WRITES).flat()) {
    const word = wireName(name);
    if (word !== undefined && kindOf(word) === undefined) unlisted.push(name);
  }
  for (const call of WRITE_CALLS) {
    const [word] = await wireOf(call);
    if (kindOf(String(word)) === undefined) unlisted.push(call.command);
  }
  expect(unlisted).toEqual([]);
});

test('what is said to write nothing is not flagged by the server as a write', () => {
  const excused = Object.entries(NO_WRITES).flatMap(([reason, names]) => {
    const justified = /STORE|functions|takes no key/.test(reason);
    return justified ? [] : names;
  });
  const wrong = excused.filter((name) => flags.get(wireName(name) ?? '')?.any.includes('write'));
  expect(wrong).toEqual([]);
});

test('every write of this server that the table knows has a sample call', async () => {
  const sampled = new Set<string>();
  for (const call of [...WRITE_CALLS, ...RAW_WRITES]) sampled.add(String((await wireOf(call))[0]));
  const listed = serverCommands('write').filter((name) => ['write', 'flush'].includes(kindOf(name) ?? ''));
  expect(listed.filter((name) => !sampled.has(name))).toEqual([]);
});

test('a command of this server that the table does not know raises a barrier', () => {
  const unlisted = [...flags.keys()].filter((name) => kindOf(name) === undefined);
  expect(unlisted.filter((name) => !effectOf([name, 'a']).unknown)).toEqual([]);
});

describe('the keys that a call changes, and no words beside keys, are found by the table:', () => {
  test.each([...WRITE_CALLS, ...RAW_WRITES].map((call) => [title(call), call] as const))(
    '%s',
    async (_, call) => {
      const wire = await wireOf(call);
      const { keys, flush, unknown } = effectOf(wire);
      expect(unknown, 'raises a barrier').toBe(false);
      if (flush) return;
      expect(
        call.changes.filter((key) => !keys.includes(key)),
        'missed',
      ).toEqual([]);
      if (!flags.has(String(wire[0]))) return;
      const { all, changed } = await keysOf(wire);
      expect(
        changed.filter((key) => !keys.includes(key)),
        'missed, says the server',
      ).toEqual([]);
      expect(
        keys.filter((key) => !all.includes(key)),
        'no keys, says the server',
      ).toEqual([]);
    },
  );
});

/** The name on the wire of a command without sample: node-redis adds words to it, by underscores. */
function wireName(name: string): string | undefined {
  const words = name.split('_');
  for (let count = words.length; count > 0; count--) {
    const candidate = words.slice(0, count).join('_');
    if (flags.has(candidate)) return candidate;
  }
  return undefined;
}

/** Where the server finds keys in a call, and which of these it may change. */
async function keysOf(wire: (string | Buffer)[]): Promise<{ all: string[]; changed: string[] }> {
  const reply = await outsider.sendCommand(['COMMAND', 'GETKEYSANDFLAGS', ...wire]);
  const keys = reply as unknown as [key: string, access: string[]][];
  const changed = keys.filter(([, access]) => !access.includes('RO'));
  return { all: keys.map(([key]) => key), changed: changed.map(([key]) => key) };
}
