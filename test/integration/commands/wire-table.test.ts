// The table of wire commands against the server that is running: what it says of its commands, in COMMAND, in COMMAND
// DOCS and in COMMAND GETKEYSANDFLAGS, must be what the table says. A command of the server that the table does not
// know fails a test that names it. What clients can send is the matter of unit/client-commands.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { effectOf, NO_EFFECT, rowOf } from '../../../src/client/effect.js';
import { WIRE_COMMANDS, type WireEffect } from '../../../src/client/wire-commands.js';
import { RedisServer } from '../../support/redis-server.js';
import { connectPlain, type PlainClient } from '../../support/rig.js';
import { NO_WRITES } from './no-writes.js';
import { RAW_WRITES } from './raw-writes.js';
import { READ_WIRES, UNCACHED_FORMS, UNCACHED_WIRES } from './read-wires.js';
import { typedCommand } from './typed-commands.js';
import { title, type WriteCall } from './write-call.js';
import { WRITE_CALLS } from './write-calls.js';

/** What COMMAND answers for one command. */
type Description = [
  name: string,
  arity: number,
  flags: string[],
  firstKey: number,
  lastKey: number,
  step: number,
  categories: string[],
  tips: string[],
  keySpecifications: unknown[],
  subcommands: Description[],
];

/** Commands of a server that the table may not know, with the reason. They raise a barrier. */
const MAY_BE_UNKNOWN: readonly (readonly [names: RegExp, reason: string])[] = [
  [/^(_FT|SEARCH|TIMESERIES)\./, 'modules send these among themselves'],
  [
    /^FT\.(_|ADD|DEBUG|DEL|GET|MGET|SAFEADD|SYNADD)/,
    'internal or long gone, and without a method in node-redis',
  ],
];
/** The server says that these write; but what they change are libraries or the search index, not keys. */
const WRITES_NO_KEYS = /^(FUNCTION\||FT\.)/;
/** The server does not say that these write: it depends on the script. */
const MAY_WRITE = ['EVAL', 'EVALSHA', 'FCALL'];

let server: RedisServer;
let outsider: PlainClient;
/** The running server's commands in capitals, with their flags and those of their subcommands. */
const flags = new Map<string, { readonly own: readonly string[]; readonly any: readonly string[] }>();
/** Every command and subcommand of the running server as COMMAND describes it, by name: `XGROUP|CREATE`. */
const described = new Map<string, Description>();

beforeAll(async () => {
  server = await RedisServer.start();
  outsider = await connectPlain(server.url);
  for (const command of (await outsider.sendCommand(['COMMAND'])) as unknown as Description[]) {
    const [name, , own] = command;
    const subcommands = command[9];
    flags.set(name.toUpperCase(), { own, any: [...own, ...subcommands.flatMap((sub) => sub[2])] });
    for (const each of [command, ...subcommands]) described.set(each[0].toUpperCase(), each);
  }
});
afterAll(async () => {
  await outsider.disconnect();
  await server.stop();
});

const isCached = (row: WireEffect | undefined): boolean => row?.kind === 'read' && row.cached !== undefined;
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

/** A command or subcommand of the server as it would be sent, without arguments. */
const wireOfName = (name: string): string[] => name.split('|');

/** Commands and subcommands of the server whose row in the table is of a kind that does not go with what it says. */
function wrong(isWrong: (description: Description, row: WireEffect) => boolean): string[] {
  return [...described].flatMap(([name, description]) => {
    const row = rowOf(wireOfName(name));
    // A container is described by its subcommands.
    if (row === undefined || description[9].length > 0) return [];
    return isWrong(description, row) ? [`${name}: ${row.kind}`] : [];
  });
}

test('every command of this server is in the table', () => {
  const unlisted = [...described.keys()].filter((name) => rowOf(wireOfName(name)) === undefined);
  expect(unlisted.filter((name) => !MAY_BE_UNKNOWN.some(([names]) => names.test(name)))).toEqual([]);
});

test('every command that this server documents is in the table', async () => {
  const reply = (await outsider.sendCommand(['COMMAND', 'DOCS'])) as unknown as unknown[];
  const documented = new Map<string, string>();
  for (let index = 0; index < reply.length; index += 2) {
    const entry = reply[index + 1] as unknown[];
    documented.set(String(reply[index]).toUpperCase(), String(entry[entry.indexOf('group') + 1]));
  }
  expect(documented.size).toBeGreaterThan(200);
  const unlisted = [...documented.keys()].filter((name) => kindOf(name) === undefined);
  expect(unlisted.filter((name) => !MAY_BE_UNKNOWN.some(([names]) => names.test(name)))).toEqual([]);
  const cached = [...documented].filter(([name]) => isCached(WIRE_COMMANDS[name]));
  const groups = new Set(cached.map(([, group]) => group));
  const ofNoKey = [...groups].filter((group) =>
    /cluster|connection|pubsub|scripting|server|transactions/.test(group),
  );
  expect(ofNoKey, 'groups of commands that read no key').toEqual([]);
});

test('no command that writes is taken for one that does not', () => {
  const missed = wrong(
    ([name, , own], { kind }) =>
      own.includes('write') &&
      !['write', 'flush', 'unknown'].includes(kind) &&
      !WRITES_NO_KEYS.test(name.toUpperCase()),
  );
  expect(missed).toEqual([]);
  for (const name of MAY_WRITE) expect(kindOf(name), name).toBe('write');
});

test('no command that only reads drops anything', () => {
  const needless = wrong(
    ([, , own], { kind }) => own.includes('readonly') && !['neutral', 'read'].includes(kind),
  );
  expect(needless).toEqual([]);
});

test('what only reads keys tells of them', () => {
  const silent = wrong(
    ([, , own, firstKey, , , , , specifications], { kind }) =>
      own.includes('readonly') && (firstKey > 0 || specifications.length > 0) && kind !== 'read',
  );
  expect(silent).toEqual([]);
});

test('nothing is cached of which the server says that it writes, waits, runs a script or answers by chance', () => {
  const rash = wrong(
    ([name, , own, , , , , tips], row) =>
      isCached(row) &&
      (!own.includes('readonly') ||
        own.includes('blocking') ||
        /^(eval|fcall)/.test(name) ||
        tips.includes('nondeterministic_output')),
  );
  expect(rash).toEqual([]);
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

test('every read has a sample call, and is cached as the sample says', () => {
  const rows = (wires: typeof READ_WIRES): Set<WireEffect | undefined> => new Set(wires.map(rowOf));
  const [cached, uncached] = [rows(READ_WIRES), rows(UNCACHED_WIRES)];
  const names = (isMissing: (row: WireEffect, name: string) => boolean): string[] =>
    Object.entries(WIRE_COMMANDS).flatMap(([name, row]) => (isMissing(row, name) ? [name] : []));
  const sampled = new Set(
    [...READ_WIRES, ...UNCACHED_WIRES].flatMap((wire) => [wire[0], wire.slice(0, 2).join('|')]),
  );
  const missing = names((row, name) => row.kind === 'read' && !sampled.has(name));
  // Of modules, which this server may lack, only what is cached has samples: clients tell where the keys are.
  expect(missing.filter((name) => isCached(WIRE_COMMANDS[name]) || !name.includes('.'))).toEqual([]);
  expect([...cached].filter((row) => !isCached(row))).toEqual([]);
  expect([...uncached].filter((row) => row?.kind !== 'read' || isCached(row))).toEqual([]);
});

describe('the keys that a read tells of are found by the table, and no words beside keys:', () => {
  const wires = [...READ_WIRES, ...UNCACHED_FORMS, ...UNCACHED_WIRES];

  test.each(wires.map((wire) => [wire.join(' '), wire] as const))('%s', async (_, wire) => {
    const { observes, ...rest } = effectOf(wire);
    expect({ observes: [], ...rest }).toEqual(NO_EFFECT);
    expect(observes).toEqual(wire.filter((word) => word === 'a' || word === 'b'));
    if (!flags.has(wire[0] ?? '')) return;
    const { all } = await keysOf([...wire]);
    // The server may name a key again as often as it is given, or once.
    expect(new Set(all)).toEqual(new Set(observes));
    const reply = await outsider.sendCommand(['COMMAND', 'GETKEYS', ...wire]);
    expect(new Set(reply as unknown as string[])).toEqual(new Set(observes));
  });
});

test('a word that keeps a reply from being cached is in its uncached forms', () => {
  for (const wire of UNCACHED_FORMS) {
    const row = rowOf(wire);
    const unless = row?.kind === 'read' ? (row.cached?.unless ?? []) : [];
    expect(
      unless.some((word) => wire.slice(2).includes(word)),
      wire.join(' '),
    ).toBe(true);
  }
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
