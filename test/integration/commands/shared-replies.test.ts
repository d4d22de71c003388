// Two reads share a held reply if, and only if, they put the same words on the wire by the same method; and a reply
// is held only if its one key decides it. SEED=<number> in the environment repeats a run.

import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { makeRig, type Rig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { DATA, READ_CALLS } from './read-calls.js';
import { call, typedCommand } from './typed-commands.js';

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await RedisServer.start();
  rig = await makeRig(server, { maxStaleness: 60_000 });
  const { outsider } = rig;
  for (const command of Object.values(DATA)) await outsider.sendCommand([...command]);
  // Every second of the words below means something here, each something else.
  const held = WORDS.filter((_, index) => index % 2 === 0);
  await outsider.hSet('k:hash', Object.fromEntries(held.map((word, index) => [word, `value ${index}`])));
  await outsider.sAdd('k:set', held);
  await outsider.rPush('k:list', held);
  await outsider.zAdd(
    'k:sortedSet',
    held.map((value, score) => ({ value, score })),
  );
  await outsider.set('k:last', 'written');
  // Invalidations come in the order of the writes: after this one there is none to come.
  await until(
    async () => (await rig.redis.get('k:last')) === 'written' && rig.redis.near.peek('k:last') === 'written',
  );
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await server.stop();
});
beforeEach(() => rig.redis.near.clear());

/** Short texts of what could separate, quote or escape arguments in a name made of them. */
const LETTERS = ['f', ' ', '\n', '"', ',', '[', ']', '\\', 'é'];
const WORDS = ['', ...LETTERS, ...LETTERS.flatMap((first) => LETTERS.map((second) => first + second))];

interface Read {
  readonly command: string;
  readonly args: readonly unknown[];
}

const word = fc.constantFrom(...WORDS.slice(0, 30));
const words = fc.array(word, { minLength: 1, maxLength: 3 });
const index = fc.integer({ min: -3, max: 3 });
const rank = fc.record({ RANK: fc.constantFrom(1, 2), MAXLEN: fc.constantFrom(1, 2) }, { requiredKeys: [] });

/** Two reads of one key: of the same command or of another that takes the same arguments, same or not. */
function pair(
  commands: readonly string[],
  kind: string,
  ...after: fc.Arbitrary<unknown>[]
): fc.Arbitrary<readonly [Read, Read]> {
  const command = fc.constantFrom(...commands);
  const args = fc.tuple(fc.constant(`k:${kind}`), ...after);
  return fc.tuple(command, command, args, fc.option(args)).map(([first, second, of, others]) => [
    { command: first, args: of },
    { command: second, args: others ?? of },
  ]);
}

const PAIRS: readonly fc.Arbitrary<readonly [Read, Read]>[] = [
  pair(['HGET', 'HEXISTS', 'HSTRLEN', 'HMGET'], 'hash', word),
  pair(['HMGET'], 'hash', words),
  pair(['HGETALL', 'HKEYS', 'HVALS', 'HLEN', 'EXISTS', 'TYPE'], 'hash'),
  pair(['SISMEMBER'], 'set', word),
  pair(['SMISMEMBER'], 'set', words),
  pair(['ZSCORE', 'ZRANK', 'ZREVRANK', 'ZMSCORE'], 'sortedSet', word),
  pair(['ZMSCORE'], 'sortedSet', words),
  pair(['ZRANGE', 'ZRANGE_WITHSCORES', 'ZCOUNT', 'ZRANGEBYSCORE'], 'sortedSet', index, index),
  pair(['ZRANGEBYSCORE', 'ZRANGEBYSCORE_WITHSCORES'], 'sortedSet', index, index),
  pair(['LPOS'], 'list', word, rank),
  pair(['LPOS_COUNT'], 'list', word, fc.constantFrom(0, 1, 2), rank),
  pair(['LRANGE'], 'list', index, index),
  pair(['LINDEX', 'LPOS'], 'list', index.map(String)),
  pair(['GETRANGE'], 'string', index, index),
  pair(['BITCOUNT'], 'string', fc.record({ start: index, end: index })),
  pair(['GETBIT'], 'string', fc.nat(30)),
  pair(['BITPOS'], 'string', fc.constantFrom(0, 1), index),
];

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`reads with different arguments never share a reply, equal ones always do (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(...PAIRS), async ([first, second]) => {
      rig.redis.near.clear();
      await call(rig.redis, first.command, first.args);
      const before = rig.prefix().hits;
      const reply = await call(rig.redis, second.command, second.args);
      const shared = rig.prefix().hits > before;
      expect(shared).toBe(nameOnWire(first) === nameOnWire(second));
      deepStrictEqual(reply, await call(rig.outsider, second.command, second.args));
    }),
    { seed, numRuns: 500, examples: [[ALIKE]] },
  );
});

test('a call that takes several keys where a sample has one is answered as by the bare client', async () => {
  for (const { command, of, after } of READ_CALLS) {
    const { method, encode } = typedCommand(command);
    // What takes a list where the key stands takes several keys; the others refuse it.
    const args = [[`k:${of ?? 'string'}`, 'k:last'], ...(after[0] ?? [])];
    const reply = await Promise.resolve(call(rig.outsider, method, args)).catch(() => undefined);
    if (reply === undefined) continue;
    expect(await rig.outsider.commandGetKeys(encode(args).map(String)), 'keys of the sample').toHaveLength(2);
    for (let round = 0; round < 3; round++) {
      expect(await call(rig.redis, method, args)).toEqual(reply);
      expect(await call(rig.redis, method, [rig.redis.commandOptions({}), ...args])).toEqual(reply);
    }
  }
});

describe('exists() of several keys', () => {
  const keys = ['k:hash', 'k:second'];
  beforeEach(() => rig.outsider.set('k:second', 'v'));

  test('sees each of them go', async () => {
    const exists = (): Promise<number> => rig.redis.exists(rig.redis.commandOptions({}), keys);
    await until(async () => (await exists()) === 2);
    await exists();
    await rig.outsider.del('k:second');
    await until(async () => (await exists()) === 1, 1_000, 'the second key to be seen gone');
  });

  test('sees what this process wrote before it to each of them', async () => {
    const before = rig.redis.exists(keys);
    const write = rig.redis.del('k:second');
    const after = rig.redis.exists(keys);
    expect(await Promise.all([before, write, after])).toEqual([2, 1, 1]);
  });
});

/** Alike in everything that a careless name would be made of. */
const ALIKE: readonly [Read, Read] = [
  { command: 'HMGET', args: ['k:hash', ['f', 'g']] },
  { command: 'HMGET', args: ['k:hash', ['f g']] },
];

function nameOnWire({ command, args }: Read): string {
  return JSON.stringify([command, typedCommand(command).encode(args)]);
}
