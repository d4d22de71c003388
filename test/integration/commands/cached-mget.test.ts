// MGET answers as the bare client does, key by key from memory or from Redis.

import { deepStrictEqual } from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { calls, makeRig, type Rig } from '../../support/rig.js';
import { until } from '../../support/until.js';

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await RedisServer.start();
  rig = await makeRig(server, { maxStaleness: 60_000 });
  await rig.outsider.mSet({ 'k:1': 'one', 'k:2': 'zwölf\n', 'k:empty': '', 'other:1': 'elsewhere' });
  await rig.outsider.rPush('k:list', 'x');
  await until(() => rig.prefix().invalidations === 4);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await server.stop();
});
beforeEach(() => rig.redis.near.clear());

describe('equals the bare client’s reply, first and from memory, in both spellings:', () => {
  const lists: Record<string, { keys: (string | Buffer)[]; held: number }> = {
    'one key': { keys: ['k:1'], held: 1 },
    'several keys': { keys: ['k:2', 'k:1', 'k:empty'], held: 3 },
    'a missing key': { keys: ['k:missing', 'k:1'], held: 2 },
    'a key that is no string': { keys: ['k:list', 'k:1'], held: 2 },
    'the same key twice': { keys: ['k:1', 'k:2', 'k:1'], held: 3 },
    'a key outside of all prefixes': { keys: ['other:1', 'k:1', 'other:2'], held: 1 },
    'only keys outside of all prefixes': { keys: ['other:1', 'other:2'], held: 0 },
    'a key as bytes': { keys: [Buffer.from('k:1'), 'k:2'], held: 1 },
  };

  test.each(Object.entries(lists))('%s', async (_, { keys, held }) => {
    const expected = await rig.outsider.mGet(keys);
    const before = rig.prefix().hits;
    deepStrictEqual(await rig.redis.mGet(keys), expected);
    expect(rig.prefix().hits - before, 'from memory at first').toBe(0);
    deepStrictEqual(await rig.redis.mGet(keys), expected);
    deepStrictEqual(await rig.redis.MGET(keys), expected);
    expect(rig.prefix().hits - before, 'from memory afterwards').toBe(2 * held);
  });
});

test('replies as bytes are those of the bare client, and never from memory', async () => {
  const asBytes = rig.redis.commandOptions({ returnBuffers: true });
  const keys = ['k:1', 'k:missing', 'k:empty'];
  await rig.redis.mGet(keys);
  const before = rig.prefix().hits;
  deepStrictEqual(await rig.redis.mGet(asBytes, keys), await rig.outsider.mGet(asBytes, keys));
  expect(rig.prefix().hits - before).toBe(0);
  deepStrictEqual(await rig.redis.mGet(keys), ['one', null, '']);
});

test('a caller that ruins its reply spoils nobody else’s', async () => {
  const keys = ['k:1', 'k:2'];
  const expected = await rig.outsider.mGet(keys);
  for (let round = 0; round < 3; round++) {
    const replies = await Promise.all([rig.redis.mGet(keys), rig.redis.mGet(keys)]);
    for (const reply of replies) {
      deepStrictEqual(reply, expected);
      reply.fill('ruined');
    }
  }
});

test('only what is not held is fetched', async () => {
  await rig.redis.get('k:1');
  await rig.redis.mGet(['k:2', 'k:missing']);
  await server.command('CONFIG', 'RESETSTAT');
  deepStrictEqual(await rig.redis.mGet(['k:1', 'k:2', 'k:missing']), ['one', 'zwölf\n', null]);
  expect(await calls(server, 'mget')).toBe(0);
  deepStrictEqual(await rig.redis.mGet(['k:1', 'k:empty']), ['one', '']);
  expect(await calls(server, 'mget')).toBe(1);
});

test('what it brought answers get(), except the nil for a key that is no string', async () => {
  await rig.redis.mGet(['k:1', 'k:missing', 'k:list']);
  await server.command('CONFIG', 'RESETSTAT');
  expect(await rig.redis.get('k:1')).toBe('one');
  expect(await rig.redis.get('k:missing')).toBe(null);
  expect(await calls(server, 'get')).toBe(0);
  await expect(rig.redis.get('k:list')).rejects.toThrow('WRONGTYPE');
  expect(await rig.redis.mGet(['k:list'])).toEqual([null]);
});

test('no keys at all are refused in the same words', async () => {
  const refusal = await rig.outsider.mGet([]).catch(String);
  expect(await rig.redis.mGet([]).catch(String)).toBe(refusal);
});
