// Every cached read of node-redis v4 answers, from Redis and from memory, exactly what the bare client answers.
// Which replies may be told apart is the matter of shared-replies.test.ts, MGET that of cached-mget.test.ts.

import { deepStrictEqual } from 'node:assert/strict';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WIRE_COMMANDS } from '../../../src/client/wire-commands.js';
import { RedisServer } from '../../support/redis-server.js';
import { makeRig, type PlainClient, type Rig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { DATA, MULTI_KEY_CALLS, READ_CALLS, type ReadCall } from './read-calls.js';
import { call, TYPED_COMMANDS, typedCommand } from './typed-commands.js';

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await RedisServer.start();
  rig = await makeRig(server, { maxStaleness: 60_000 });
  for (const command of Object.values(DATA)) await rig.outsider.sendCommand([...command]);
  // The first count is kept inside the value, which is a change of its own.
  await rig.outsider.pfCount('k:sketch');
  await until(() => rig.prefix().invalidations === Object.keys(DATA).length + 1);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await server.stop();
});
beforeEach(() => rig.redis.near.clear());

const key = (kind: string): string => `k:${kind}`;
const hits = (): number => rig.prefix().hits;
const title = ({ command, of }: ReadCall): string => (of === undefined ? command : `${command} of a ${of}`);
const cases = READ_CALLS.map((read) => [title(read), read] as const);

async function answer(redis: PlainClient, method: string, args: readonly unknown[]): Promise<unknown> {
  return call(redis, method, args);
}

/** Every sample's argument lists, on a key that holds what it reads, and on one that is missing. */
function calls({ of, after }: ReadCall): readonly (readonly unknown[])[] {
  const kinds = of === undefined ? Object.keys(DATA) : [of];
  return [...kinds, 'missing'].flatMap((kind) => after.map((args) => [key(kind), ...args]));
}

describe('the first reply and those from memory, in both spellings, are those of the bare client:', () => {
  test.each(cases)('%s', async (_, read) => {
    const { name, method } = typedCommand(read.command);
    for (const args of calls(read)) {
      rig.redis.near.clear();
      const expected = await answer(rig.outsider, method, args);
      const before = hits();
      deepStrictEqual(await answer(rig.redis, method, args), expected);
      expect(hits() - before, `first ${name} ${JSON.stringify(args)}`).toBe(0);
      deepStrictEqual(await answer(rig.redis, method, args), expected);
      deepStrictEqual(await answer(rig.redis, name, args), expected);
      expect(hits() - before, `second and third ${name} ${JSON.stringify(args)}`).toBe(2);
    }
  });
});

describe('replies as bytes are those of the bare client, and never from memory:', () => {
  test.each(cases)('%s', async (_, read) => {
    const { method } = typedCommand(read.command);
    const asBytes = rig.redis.commandOptions({ returnBuffers: true });
    for (const args of calls(read)) {
      rig.redis.near.clear();
      const bytes = await answer(rig.outsider, method, [asBytes, ...args]);
      const text = await answer(rig.outsider, method, args);
      const before = hits();
      deepStrictEqual(await answer(rig.redis, method, [asBytes, ...args]), bytes);
      deepStrictEqual(await answer(rig.redis, method, args), text);
      deepStrictEqual(await answer(rig.redis, method, [asBytes, ...args]), bytes);
      expect(hits() - before).toBe(0);
    }
  });
});

describe('other options of a command change nothing about its reply:', () => {
  test.each(cases)('%s', async (_, read) => {
    const { method } = typedCommand(read.command);
    const { signal } = new AbortController();
    for (const options of [{}, { isolated: true }, { asap: true }, { signal }]) {
      for (const args of calls(read)) {
        const expected = await answer(rig.outsider, method, args);
        const marked = [rig.redis.commandOptions(options), ...args];
        deepStrictEqual(await answer(rig.redis, method, marked), expected);
        deepStrictEqual(await answer(rig.redis, method, marked), expected);
      }
    }
  });
});

describe('a caller that ruins its reply spoils nobody else’s:', () => {
  test.each(cases)('%s', async (_, read) => {
    const { method } = typedCommand(read.command);
    for (const args of calls(read)) {
      const expected = await answer(rig.outsider, method, args);
      const [first, joined] = await Promise.all([
        answer(rig.redis, method, args),
        answer(rig.redis, method, args),
      ]);
      ruin(first);
      deepStrictEqual(joined, expected);
      for (let round = 0; round < 2; round++) {
        const next = await answer(rig.redis, method, args);
        deepStrictEqual(next, expected);
        ruin(next);
      }
    }
  });
});

describe('the wrong kind of value is refused as by the bare client, each time anew:', () => {
  // LCS has words of its own for it, and SORT_RO takes every kind.
  const typed = cases.filter(([name, { of }]) => of !== undefined && !/^(LCS|SORT_RO)/.test(name));

  test.each(typed)('%s', async (_, read) => {
    const { method } = typedCommand(read.command);
    const wrong = key(read.of === 'list' ? 'set' : 'list');
    for (const after of read.after) {
      const expected = await outcome(rig.outsider, method, [wrong, ...after]);
      expect(expected).toMatch(/WRONGTYPE/);
      const before = rig.prefix();
      for (let round = 0; round < 2; round++) {
        expect(await outcome(rig.redis, method, [wrong, ...after])).toBe(expected);
      }
      expect(rig.prefix()).toMatchObject({
        hits: before.hits,
        fills: before.fills,
        misses: before.misses + 2,
      });
    }
  });
});

describe('replies that several keys decide are those of the bare client, and come from memory:', () => {
  test.each(MULTI_KEY_CALLS.map((sample) => [JSON.stringify(sample), sample] as const))(
    '%s',
    async (_, { command, args }) => {
      const { method } = typedCommand(command);
      const expected = await answer(rig.outsider, method, args);
      const before = hits();
      for (let round = 0; round < 3; round++) {
        const reply = await answer(rig.redis, method, args);
        deepStrictEqual(reply, expected);
        ruin(reply);
      }
      expect(hits() - before).toBe(2);
    },
  );
});

test('arguments that are none are treated as by the bare client', async () => {
  for (const { command, of } of READ_CALLS) {
    const { method } = typedCommand(command);
    for (const args of [[], [7], [key(of ?? 'string'), Symbol('no argument')]]) {
      const expected = await outcome(rig.outsider, method, args);
      expect(await outcome(rig.redis, method, args), command).toBe(expected);
    }
  }
});

test('every cached read has a sample here', () => {
  const sampled = new Set([
    ...READ_CALLS.flatMap((read) => calls(read).map((args) => typedCommand(read.command).encode(args)[0])),
    ...MULTI_KEY_CALLS.map(({ command, args }) => typedCommand(command).encode(args)[0]),
    // By themselves: cached-mget.test.ts, hash-field-expiry.test.ts.
    ...['MGET', 'HEXPIRETIME', 'HPEXPIRETIME'],
  ]);
  const cached = [...TYPED_COMMANDS.values()].flatMap(({ name }) => {
    const effect = WIRE_COMMANDS[name.split('_')[0] ?? ''];
    return effect?.kind === 'read' && effect.cached !== undefined ? [name.split('_')[0]] : [];
  });
  expect(cached.filter((name) => !sampled.has(name))).toEqual([]);
});

/** What comes of a call in words; whether it throws at once or rejects is part of it. */
async function outcome(redis: PlainClient, method: string, args: readonly unknown[]): Promise<string> {
  let reply: unknown;
  try {
    reply = call(redis, method, args);
  } catch (error) {
    return `thrown: ${error}`;
  }
  return Promise.resolve(reply).then(
    (value) => `answered: ${inspect(value)}`,
    (error) => `rejected: ${error}`,
  );
}

/** Changes everything about a reply that can be changed. */
function ruin(reply: unknown): void {
  if (typeof reply !== 'object' || reply === null) return;
  for (const inner of Object.values(reply)) ruin(inner);
  for (const name of Object.keys(reply)) Reflect.deleteProperty(reply, name);
  if (Array.isArray(reply)) reply.length = 0;
  Reflect.set(reply, 0, 'ruined');
}
