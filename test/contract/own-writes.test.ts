// The contract, writes of this process: whatever way they are sent, the next read sees them. Invalidations are held
// back, so that only the cache's own knowledge of what it sends can do it. And writes of others, which are announced.

import { deepStrictEqual } from 'node:assert/strict';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call, has, type Near, outcome } from '../support/client.js';
import { byName, KINDS } from '../support/majors.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';
import { type ContractRig, makeContractRig } from './contract-rig.js';

const server = await useServer();

const VALUE = 'new';
const SET = ['SET', 'k:1', VALUE];

/** Ways to write `VALUE` to `k:1`, each on a client of any kind that knows the way. */
const WAYS: Readonly<Record<string, (redis: Near) => Promise<unknown>>> = {
  set: (redis) => redis.set('k:1', VALUE),
  SET: (redis) => redis.SET('k:1', VALUE),
  'set with options': async (redis) => call(redis, 'set', ['k:1', VALUE, { EX: 1_000 }]),
  setEx: async (redis) => call(redis, 'setEx', ['k:1', 1_000, VALUE]),
  getSet: async (redis) => call(redis, 'getSet', ['k:1', VALUE]),
  mSet: (redis) =>
    redis.mSet([
      ['k:0', 'x'],
      ['k:1', VALUE],
    ]),
  'a Buffer as key': async (redis) => call(redis, 'set', [Buffer.from('k:1'), VALUE]),
  'a raw command': (redis) => redis.sendCommand(SET),
  'a raw command in small letters': (redis) => redis.sendCommand(['set', 'k:1', VALUE]),
  rename: async (redis) => {
    await redis.set('k:other', VALUE);
    return call(redis, 'rename', ['k:other', 'k:1']);
  },
  copy: async (redis) => {
    await redis.set('k:other', VALUE);
    return redis.sendCommand(['COPY', 'k:other', 'k:1', 'REPLACE']);
  },
  eval: async (redis) =>
    call(redis, 'eval', [
      "return redis.call('SET', KEYS[1], ARGV[1])",
      { keys: ['k:1'], arguments: [VALUE] },
    ]),
  'eval without keys': async (redis) => call(redis, 'eval', [`return redis.call('SET', 'k:1', '${VALUE}')`]),
  'a transaction': (redis) => redis.multi().set('k:1', VALUE).exec(),
  'a transaction in capitals': (redis) => redis.MULTI().SET('k:1', VALUE).EXEC(),
  'a transaction that reads, too': (redis) => redis.multi().get('k:1').set('k:1', VALUE).get('k:1').exec(),
  'a raw command in a transaction': (redis) => redis.multi().addCommand(SET).exec(),
  'a pipeline': (redis) => redis.multi().set('k:1', VALUE).execAsPipeline(),
  'a pipeline by exec(true)': (redis) => redis.multi().set('k:1', VALUE).exec(true),
  'a pipeline by EXEC(true)': (redis) => redis.multi().set('k:1', VALUE).EXEC(true),
  'execTyped()': async (redis) => call(redis.multi().set('k:1', VALUE), 'execTyped'),
  'execTyped(true)': async (redis) => call(redis.multi().set('k:1', VALUE), 'execTyped', [true]),
  'execAsPipelineTyped()': async (redis) => call(redis.multi().set('k:1', VALUE), 'execAsPipelineTyped'),
  'sendCommand() in a transaction': async (redis) =>
    call(call(redis.multi(), 'sendCommand', [SET]) as object, 'exec'),
  'a view with options': async (redis) =>
    call(call(redis, 'withCommandOptions', [{}]) as object, 'set', ['k:1', VALUE]),
  'a view of bytes': async (redis) =>
    call(call(redis, 'withTypeMapping', [{ 36: Buffer }]) as object, 'set', ['k:1', VALUE]),
  'a raw command of a view': async (redis) => call(call(redis, 'asap') as object, 'sendCommand', [SET]),
  'a transaction of a view': async (redis) =>
    (call(redis, 'withTypeMapping', [{ 36: Buffer }]) as Client).multi().set('k:1', VALUE).exec(),
  'executeIsolated()': async (redis) =>
    call(redis, 'executeIsolated', [(isolated: Client) => isolated.set('k:1', VALUE)]),
  'execute()': async (redis) => call(redis, 'execute', [(client: Client) => client.set('k:1', VALUE)]),
  'a transaction within execute()': async (redis) =>
    call(redis, 'execute', [(client: Client) => client.multi().set('k:1', VALUE).exec()]),
  'a raw command within execute()': async (redis) =>
    call(redis, 'execute', [(client: Client) => client.sendCommand(SET)]),
};

/** Ways that only some kinds have, by the method that tells. */
const NEEDS: Readonly<Record<string, string>> = {
  'a view with options': 'withCommandOptions',
  'a view of bytes': 'withTypeMapping',
  'a raw command of a view': 'asap',
  'a transaction of a view': 'withTypeMapping',
  'executeIsolated()': 'executeIsolated',
  'execute()': 'execute',
  'a transaction within execute()': 'execute',
  'a raw command within execute()': 'execute',
};
const OF_TRANSACTIONS: Readonly<Record<string, string>> = {
  'execTyped()': 'execTyped',
  'execTyped(true)': 'execTyped',
  'execAsPipelineTyped()': 'execAsPipelineTyped',
  'sendCommand() in a transaction': 'sendCommand',
};

describe.each(byName(KINDS))('%s', (_, kind) => {
  const sample = kind.create('redis://127.0.0.1:1');
  const knows = (way: string): boolean =>
    has(sample, NEEDS[way] ?? 'get') && has(sample.multi(), OF_TRANSACTIONS[way] ?? 'exec');
  const ways = Object.entries(WAYS).filter(([way]) => knows(way));

  let rig: ContractRig<Client>;
  beforeEach(async () => {
    rig = await makeContractRig(server, kind);
    await rig.bare.set('k:1', 'old');
    await rig.settled();
    await rig.redis.get('k:1');
    expect(await rig.redis.get('k:1')).toBe('old');
    expect(rig.redis.near.peek('k:1')).toBe('old');
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  test.each(ways)('the next read sees what was written by %s', async (_, write) => {
    const bare = await outcome(() => write(rig.bare as Near));
    await rig.bare.set('k:1', 'old');
    await rig.settled();
    expect(await rig.redis.get('k:1')).toBe('old');
    rig.deafen();
    const wrapped = await outcome(() => write(rig.redis));
    expect(await rig.redis.get('k:1')).toBe(VALUE);
    expect(await rig.redis.get('k:1')).toBe(VALUE);
    deepStrictEqual(wrapped, bare, 'the reply is that of the bare client');
    expect(bare, 'the sample').toHaveProperty('reply');
  });

  test('reads sent behind a write, without waiting for it, see it', async () => {
    rig.deafen();
    const before = rig.redis.get('k:1');
    const write = rig.redis.set('k:1', VALUE);
    const after = rig.redis.get('k:1');
    expect(['old', VALUE]).toContain(await before);
    await write;
    // Connections of a pool overtake each other, those of the bare one too.
    if (kind.pool) expect(['old', VALUE]).toContain(await after);
    else expect(await after).toBe(VALUE);
    expect(await rig.redis.get('k:1')).toBe(VALUE);
  });

  test('a write of many keys concerns each of them', async () => {
    const { redis } = rig;
    for (const key of ['k:2', 'k:3']) await rig.bare.set(key, 'old');
    await rig.settled();
    const keys = ['k:1', 'k:2', 'k:3'];
    expect(await redis.mGet(keys)).toEqual(['old', 'old', 'old']);
    rig.deafen();
    await redis.del(['k:1', 'k:3']);
    expect(await redis.mGet(keys)).toEqual([null, 'old', null]);
    expect(await Promise.all(keys.map((key) => redis.get(key)))).toEqual([null, 'old', null]);
    expect(await redis.exists(keys)).toBe(1);
  });

  test('every type of value', async () => {
    const { redis } = rig;
    const read = () =>
      Promise.all([
        redis.hGetAll('k:h'),
        redis.hGet('k:h', 'f'),
        redis.lRange('k:l', 0, -1),
        redis.sMembers('k:s'),
        redis.zRangeWithScores('k:z', 0, -1),
        redis.exists('k:h'),
      ]);
    await read();
    await read();
    rig.deafen();
    await redis.hSet('k:h', { f: '1' });
    await redis.rPush('k:l', ['a', 'b']);
    await redis.sAdd('k:s', 'm');
    await redis.zAdd('k:z', { score: 1.5, value: 'm' });
    const expected = [{ f: '1' }, '1', ['a', 'b'], ['m'], [{ value: 'm', score: 1.5 }], 1];
    expect(await read()).toEqual(expected);
    expect(await read()).toEqual(expected);
  });

  test('what another client writes is seen when it is announced', async () => {
    for (const value of ['1', '2', '3']) {
      await rig.bare.set('k:1', value);
      await until(async () => (await rig.redis.get('k:1')) === value);
      expect(await rig.redis.get('k:1')).toBe(value);
      expect(rig.redis.near.peek('k:1')).toBe(value);
    }
    await rig.bare.del('k:1');
    await until(async () => (await rig.redis.get('k:1')) === null);
    await rig.bare.sendCommand(['FLUSHALL']);
    await rig.bare.multi().set('k:1', 'last').exec();
    await until(async () => (await rig.redis.get('k:1')) === 'last');
  });

  test('a write that Redis refuses is refused as on the bare client, and leaves nothing wrong', async () => {
    rig.deafen();
    const push = (client: Client) => outcome(() => client.rPush('k:1', 'x'));
    expect(await push(rig.redis)).toStrictEqual(await push(rig.bare));
    const inTransaction = (client: Client) =>
      outcome(() => client.multi().set('k:2', '2').addCommand(['RPUSH', 'k:1', 'x']).exec());
    const [wrapped, bare] = [await inTransaction(rig.redis), await inTransaction(rig.bare)];
    expect(messageOf(wrapped)).toEqual(messageOf(bare));
    expect(await rig.redis.get('k:1')).toBe('old');
    expect(await rig.redis.get('k:2')).toBe('2');
  });
});

/** What an error of a transaction says, and what its replies are. */
function messageOf(result: object): unknown {
  const error = Reflect.get(result, 'error') as (Error & { replies?: unknown }) | undefined;
  return { name: error?.constructor.name, message: error?.message, replies: String(error?.replies) };
}
