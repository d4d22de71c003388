// Rule C15 as the running server keeps it: whenever the reply to a read that is cached changes, the server pushes one
// of its keys. Every sample write is played against every sample read.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { effectOf } from '../../../src/client/effect.js';
import { type PushWitness, witnessPushes } from '../../support/push-witness.js';
import { RedisServer } from '../../support/redis-server.js';
import { connectPlain, type PlainClient } from '../../support/rig.js';
import { RAW_WRITES } from './raw-writes.js';
import { READ_WIRES } from './read-wires.js';
import { typedCommand } from './typed-commands.js';
import { title, type WriteCall } from './write-call.js';
import { WRITE_CALLS } from './write-calls.js';

/** What the server does not push, and why that is no matter. */
const PUSHES_NOTHING: Readonly<Record<string, string>> = {
  SWAPDB: 'it swaps what the names mean: rule C14 is there for it',
  PFDEBUG: 'it is for those who debug the server; what is counted stays the same',
};

let server: RedisServer;
let other: RedisServer;
let outsider: PlainClient;
let witness: PushWitness;
let known: ReadonlySet<string> = new Set();
/** Every sample read that the server knows, with its keys in both orders. */
let allReads: readonly (readonly string[])[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
  other = await RedisServer.start();
  outsider = await connectPlain(server.url);
  witness = await witnessPushes(server.url);
  known = new Set((await outsider.sendCommand(['COMMAND', 'LIST'])) as string[]);
  const here = READ_WIRES.filter(knows);
  allReads = [...here, ...here.map((wire) => wire.map(swapped))];
});
afterAll(async () => {
  witness.close();
  await outsider.disconnect();
  await server.stop();
  await other.stop();
});

const knows = ([name = '']: readonly string[]): boolean => known.has(name.toLowerCase());
const swapped = (word: string): string => (word === 'a' ? 'b' : word === 'b' ? 'a' : word);

async function send(wire: readonly (string | Buffer)[]): Promise<unknown> {
  return outsider.sendCommand([...wire]).catch(String);
}

/** The replies to reads, in words. */
async function replies(reads: typeof allReads): Promise<readonly string[]> {
  return Promise.all(reads.map(async (wire) => JSON.stringify(await send(wire))));
}

interface Outcome {
  /** Whether any read is answered differently. */
  readonly shows: boolean;
  /** Those that are though none of their keys was pushed. */
  readonly unheard: readonly string[];
}

async function outcome(write: () => Promise<unknown>, reads = allReads): Promise<Outcome> {
  // Twice, because PFCOUNT leaves a trace the first time.
  await replies(reads);
  const before = await replies(reads);
  await witness.pushed();
  await write();
  const pushed = await witness.pushed();
  const after = await replies(reads);
  const changed = reads.filter((_, index) => before[index] !== after[index]);
  const unheard = changed
    .filter((wire) => !pushed.includes(null) && !effectOf(wire).observes.some((key) => pushed.includes(key)))
    .map((wire) => wire.join(' '));
  return { shows: changed.length > 0, unheard };
}

async function give(commands: WriteCall['given']): Promise<void> {
  await outsider.flushAll();
  for (const command of commands) await send(typeof command === 'string' ? command.split(' ') : command);
}

const calls = [...WRITE_CALLS, ...RAW_WRITES].filter(
  ({ command }) => !Object.hasOwn(PUSHES_NOTHING, command),
);

describe('no cached reply changes without a push:', () => {
  test.each(calls.map((call) => [title(call), call] as const))('%s', async (_, call) => {
    await give(call.given);
    const { args } = call;
    const given = typeof args === 'function' ? await args({ outsider, otherPort: other.port }) : args;
    const wire = RAW_WRITES.includes(call)
      ? [call.command, ...(given as string[])]
      : typedCommand(call.command).encode(given);
    expect((await outcome(() => send(wire))).unheard).toEqual([]);
  });

  /** Writes of which the samples above have no case that a cached read shows. */
  const more: Record<string, readonly [given: readonly string[], write: string]> = {
    'a field that gets an expiry': [['HSET a f 1'], 'HPEXPIREAT a 9999999999999 FIELDS 1 f'],
    'a field that loses it': [['HSET a f 1', 'HEXPIRE a 100 FIELDS 1 f'], 'HPERSIST a FIELDS 1 f'],
    'a field that loses it by being set': [['HSET a f 1', 'HEXPIRE a 100 FIELDS 1 f'], 'HSET a f 2'],
    'a field read with an expiry': [['HSET a f 1'], 'HGETEX a EX 100 FIELDS 1 f'],
    'a key that gets an expiry': [['SET a 1'], 'EXPIREAT a 9999999999'],
    'a key set with an expiry': [['SET a 1'], 'SET a 1 EX 100'],
    'a vector that replaces another': [['VADD a VALUES 2 1 2 e'], 'VADD a VALUES 2 5 1 e'],
    'a vector beside another': [['VADD a VALUES 2 1 2 e'], 'VADD a VALUES 2 5 1 f SETATTR {}'],
    'a vector compared in a thread of its own': [['VADD a VALUES 2 1 2 e'], 'VADD a VALUES 2 5 1 f CAS'],
    'a vector that is gone': [['VADD a VALUES 2 1 2 e', 'VADD a VALUES 2 5 1 f'], 'VREM a f'],
    'attributes that are gone': [['VADD a VALUES 2 1 2 e SETATTR {}'], 'VSETATTR a e '],
    'a group that makes its stream': [[], 'XGROUP CREATE a g $ MKSTREAM'],
    'a place that moves': [['GEOADD a 13.3 38.1 Palermo'], 'GEOADD a 13.4 38.1 Palermo'],
    'a count that grows': [['PFADD a x', 'PFCOUNT a'], 'PFADD a y'],
    'a merged count': [['PFADD a x', 'PFADD b y', 'PFCOUNT a', 'PFCOUNT b'], 'PFMERGE a b'],
  };
  test.each(Object.entries(more))('%s', async (_, [given, write]) => {
    await give(given);
    const wire = write.split(' ');
    const { shows, unheard } = await outcome(() => send(wire));
    expect(unheard).toEqual([]);
    expect(shows, 'a change that shows').toBe(knows(wire));
  });
});

describe('PFCOUNT, which keeps what it counted inside the value,', () => {
  const count = (...keys: string[]): Promise<unknown> => send(['PFCOUNT', ...keys]);

  test('pushes its key the first time after a change, and not again', async () => {
    await give(['PFADD a x y']);
    await witness.pushed();
    expect(await count('a')).toBe(2);
    expect(await witness.pushed()).toEqual(['a']);
    expect(await count('a')).toBe(2);
    expect(await witness.pushed()).toEqual([]);
    await send(['PFADD', 'a', 'z']);
    expect(await witness.pushed()).toEqual(['a']);
    expect(await count('a')).toBe(3);
    expect(await witness.pushed()).toEqual(['a']);
  });

  test('pushes nothing when it counts several keys', async () => {
    await give(['PFADD a x y', 'PFADD b z']);
    await witness.pushed();
    expect(await count('a', 'b')).toBe(3);
    expect(await witness.pushed()).toEqual([]);
  });

  test('changes no other reply that is not pushed', async () => {
    await give(['PFADD a x y', 'PFADD b z']);
    const others = allReads.filter(([name]) => name !== 'PFCOUNT');
    expect((await outcome(() => count('a'), others)).unheard).toEqual([]);
  });
});
