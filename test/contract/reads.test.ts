// The contract, reads: the first reply (from Redis), the second (from memory where it may be) and both spellings are
// those of the bare client of the same kind, its errors included.

import { deepStrictEqual } from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call, type Outcome, outcome } from '../support/client.js';
import { byName, KINDS } from '../support/majors.js';
import { RedisServer } from '../support/redis-server.js';
import { type ContractRig, makeContractRig } from './contract-rig.js';
import { ruin } from './ruin.js';
import { DATA, SAMPLES, title, WRONG_TYPE } from './samples.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
  for (const command of DATA) await server.command(...command);
});
afterAll(() => server.stop());

const cases = [...new Set(SAMPLES.map(({ method }) => method))].map(
  (method) => [method, SAMPLES.filter((sample) => sample.method === method)] as const,
);

/** Clients have most methods twice: `zRangeWithScores` and `ZRANGE_WITHSCORES`. */
function otherSpelling(client: Client, method: string): string {
  const canonical = (name: string): string => name.replaceAll('_', '').toUpperCase();
  for (let level: object = client; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    const found = Object.getOwnPropertyNames(level).find(
      (name) => name !== method && canonical(name) === canonical(method),
    );
    if (found !== undefined) return found;
  }
  throw new Error(`No other spelling of ${method}.`);
}

describe.each(byName(KINDS))('%s', (_, kind) => {
  let rig: ContractRig<Client>;
  beforeAll(async () => {
    rig = await makeContractRig(server, kind);
    await rig.settled();
  });
  afterAll(() => rig[Symbol.asyncDispose]());
  beforeEach(() => rig.redis.near.clear());

  test.each(cases)(
    '%s answers as the bare client does, from Redis and from memory',
    async (method, samples) => {
      const spelling = otherSpelling(rig.bare, method);
      for (const sample of samples) {
        const { args, held } = sample;
        const expected = await call(rig.bare, method, args);
        const { hits } = rig.prefix();
        deepStrictEqual(await call(rig.redis, method, args), expected, title(sample));
        if (held) expect(rig.prefix().hits - hits, `hits of the first ${title(sample)}`).toBe(0);
        deepStrictEqual(await call(rig.redis, method, args), expected, `${title(sample)} again`);
        deepStrictEqual(await call(rig.redis, spelling, args), expected, `${title(sample)} as ${spelling}`);
        if (held) expect(rig.prefix().hits - hits, `hits of the next two ${title(sample)}`).toBe(2);
        rig.redis.near.clear();
      }
    },
  );

  test.each(cases)('%s: whoever changes a reply changes his own', async (method, samples) => {
    for (const { args } of samples) {
      const expected = await call(rig.bare, method, args);
      for (const reply of await Promise.all([0, 1].map(() => call(rig.redis, method, args)))) {
        deepStrictEqual(reply, expected);
        ruin(reply);
      }
      for (let round = 0; round < 2; round++) {
        const next = await call(rig.redis, method, args);
        deepStrictEqual(next, expected);
        ruin(next);
      }
    }
  });

  test('all of these at once, twice, are those of the bare client', async () => {
    const all = (client: Client) =>
      Promise.all(SAMPLES.map(({ method, args }) => call(client, method, args) as Promise<unknown>));
    const expected = await all(rig.bare);
    deepStrictEqual(await all(rig.redis), expected);
    deepStrictEqual(await all(rig.redis), expected);
  });

  test('hashes have the prototype that the bare client gives them', async () => {
    const expected = Object.getPrototypeOf(await rig.bare.hGetAll('k:hash'));
    for (let round = 0; round < 3; round++) {
      expect(Object.getPrototypeOf(await rig.redis.hGetAll('k:hash'))).toBe(expected);
    }
    const joined = await Promise.all([rig.redis.hGetAll('k:missing'), rig.redis.hGetAll('k:missing')]);
    const none = Object.getPrototypeOf(await rig.bare.hGetAll('k:missing'));
    for (const hash of joined) expect(Object.getPrototypeOf(hash)).toBe(none);
  });

  test('a hash with a field named __proto__ is that of the bare client, in any types', async () => {
    await rig.bare.sendCommand(['HSET', 'k:odd', '__proto__', 'x', 'f', '1']);
    await rig.settled();
    const reads = [
      (client: Client) => call(client, 'hGetAll', ['k:odd']),
      (client: Client) => call(client, 'hGet', ['k:odd', '__proto__']),
      (client: Client) => kind.asBytes(client, 'hGetAll', ['k:odd']),
    ];
    for (const read of reads) {
      const expected = await outcome(() => read(rig.bare));
      for (let round = 0; round < 3; round++) {
        const reply = await outcome(() => read(rig.redis));
        deepStrictEqual(withoutPrototype(reply), withoutPrototype(expected));
      }
    }
  });

  test.each(WRONG_TYPE.map((sample) => [title(sample), sample] as const))(
    '%s on another kind of value fails as on the bare client, each time anew',
    async (_, { method, args }) => {
      const expected = await outcome(() => call(rig.bare, method, args));
      expect(expected).toMatchObject({
        error: expect.objectContaining({ message: expect.stringMatching(/^WRONGTYPE/) }),
      });
      const { hits } = rig.prefix();
      for (let round = 0; round < 2; round++) {
        expect(await outcome(() => call(rig.redis, method, args))).toStrictEqual(expected);
      }
      expect(rig.prefix().hits - hits).toBe(0);
    },
  );

  test('arguments that are none are refused as by the bare client', async () => {
    for (const [method, args] of BAD_CALLS) {
      const expected = await outcome(() => call(rig.bare, method, args));
      expect(expected, method).toHaveProperty('error');
      expect(await outcome(() => call(rig.redis, method, args)), method).toStrictEqual(expected);
      expect(await call(rig.redis, 'get', ['k:string']), 'the client goes on').toBe('hällo\nworld');
    }
  });
});

const BAD_CALLS: readonly (readonly [string, readonly unknown[]])[] = [
  ['get', []],
  ['get', [7]],
  ['get', [undefined]],
  ['hGet', ['k:hash']],
  ['hGet', ['k:hash', Symbol('no field')]],
  ['mGet', []],
  ['set', ['k:string', Symbol('no value')]],
];

/** node-redis v6 makes the value of a field called __proto__ the prototype of a hash: a new one in each reply. */
function withoutPrototype(outcome: Outcome): unknown {
  if ('error' in outcome) return outcome;
  const { reply } = outcome;
  return typeof reply === 'object' && reply !== null ? Object.entries(reply) : reply;
}
