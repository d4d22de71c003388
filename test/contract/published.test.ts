// A swap-in: the wrapped client does what node-redis says of itself. Every key goes through the cache, and every read
// is asked three times: from Redis, from memory, and in a transaction.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call, type Outcome, outcome, type Session } from '../support/client.js';
import { byName, KINDS } from '../support/majors.js';
import { useServer } from '../support/use-server.js';
import { type ContractRig, makeContractRig } from './contract-rig.js';
import { type Behaviour, ByMajor, Refusal } from './published/behaviour.js';
import { GEO, LISTS, SETS, SORTED_SETS, STREAMS } from './published/collections.js';
import { BITMAPS, HASHES, KEYS, STRINGS } from './published/simple-types.js';

const server = await useServer();

const GROUPS = { STRINGS, BITMAPS, KEYS, HASHES, LISTS, SETS, SORTED_SETS, GEO, STREAMS };
const cases = Object.entries(GROUPS).flatMap(([group, behaviours]) =>
  behaviours.map((each): [string, Behaviour] => [`${group}: ${each.title}`, each]),
);

describe.each(byName(KINDS))('%s', (_, kind) => {
  let rig: ContractRig<Client>;
  beforeAll(async () => {
    rig = await makeContractRig(server, kind, {}, { prefixes: [''] });
  });
  afterAll(() => rig[Symbol.asyncDispose]());
  beforeEach(() => rig.redis.near.clear());

  const expectReply = (result: Outcome, reply: unknown, what: string): void => {
    const expected = reply instanceof ByMajor ? (kind.major === 4 ? reply.v4 : reply.later) : reply;
    if (expected instanceof Refusal) {
      expect(result, what).toMatchObject({
        error: expect.objectContaining({ message: expect.stringMatching(expected.message) }),
      });
    } else expect(result, what).toEqual({ reply: expected });
  };

  test.each(cases)('%s', async (_, { steps }) => {
    for (const { method, args, reply, isRead } of steps) {
      const what = `${method}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`;
      const send = (): unknown => call(rig.redis, method, args);
      expectReply(await outcome(send), reply, what);
      if (!isRead) continue;
      expectReply(await outcome(send), reply, `${what} again`);
      expectReply(await outcome(send), reply, `${what} for the third time`);
      if (reply instanceof Refusal) continue;
      const transaction = call(rig.redis.multi(), method, args) as object;
      const [alike] = (await call(transaction, 'exec')) as unknown[];
      expectReply({ reply: alike }, reply, `${what} in a transaction`);
    }
  });

  test('most of that came from memory', () => {
    const { hits, misses, bypassed } = rig.prefix('');
    expect(hits / (hits + misses + bypassed)).toBeGreaterThan(0.4);
  });

  test('TRANSACTIONS: replies in their order, all or nothing, and what was written is there', async () => {
    const { redis } = rig;
    await redis.set('another-key', 'another-value');
    expect(await redis.get('another-key')).toBe('another-value');
    expect(await redis.get('key')).toBeNull();
    const replies = await redis.multi().set('key', 'value').get('another-key').exec();
    expect(replies).toEqual(['OK', 'another-value']);
    expect(await redis.get('key')).toBe('value');
    expect(await redis.multi().exec()).toEqual([]);
    expect(await redis.multi().set('key', '1').incr('key').get('key').execAsPipeline()).toEqual([
      'OK',
      2,
      '2',
    ]);
    expect(await redis.get('key')).toBe('2');
    const refused = await outcome(() => redis.multi().set('key', '3').addCommand(['NO SUCH']).exec());
    expect(refused).toHaveProperty('error');
    expect(await redis.get('key'), 'nothing of it was done').toBe('2');
    const failed = await outcome(() => redis.multi().set('key', 'x').incr('key').set('other', 'y').exec());
    expect(failed).toHaveProperty('error');
    expect(await redis.mGet(['key', 'other']), 'the others were done').toEqual(['x', 'y']);
  });

  if (!kind.pool) {
    test('TRANSACTIONS: a watched key that was changed by somebody fails them', async () => {
      const redis = rig.redis as unknown as Session;
      await redis.set('paymentId:1259', '0');
      await redis.get('paymentId:1259');
      await redis.watch('paymentId:1259');
      await server.command('SET', 'paymentId:1259', '1');
      expect(await outcome(() => redis.multi().incr('paymentId:1259').exec())).toMatchObject({
        error: { message: expect.stringMatching(/watched keys/) },
      });
      expect(await redis.get('paymentId:1259')).toBe('1');
      await redis.watch('paymentId:1259');
      expect(await redis.multi().incr('paymentId:1259').exec()).toEqual([2]);
      expect(await redis.get('paymentId:1259')).toBe('2');
    });
  }
});
