// Rule C12: two different keys never share an entry; what can't be mapped to bytes and back is not cached.

import { expect, test } from 'vitest';
import { makeRig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

const bytes = (...tail: number[]) => Buffer.from([...Buffer.from('k:'), ...tail]);

test('keys that are no UTF-8 do not collide', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set(bytes(0xff), 'ff');
  await rig.outsider.set(bytes(0xfe), 'fe');
  await rig.outsider.set('k:\ufffd', 'replacement character');
  for (let i = 0; i < 2; i++) {
    expect(await rig.redis.get(bytes(0xff))).toBe('ff');
    expect(await rig.redis.get(bytes(0xfe))).toBe('fe');
    expect(await rig.redis.get('k:\ufffd')).toBe('replacement character');
    expect(await rig.redis.mGet([bytes(0xff), 'k:\ufffd', bytes(0xfe)])).toEqual([
      'ff',
      'replacement character',
      'fe',
    ]);
  }
  expect(rig.redis.near.stats().entries).toBe(1);
});

test('a string with a lone surrogate is not cached, and a write to it drops the key it really means', async () => {
  await using rig = await makeRig(server, { maxStaleness: 60_000 });
  await rig.outsider.set('k:\ufffd', 'old');
  await until(
    async () => (await rig.redis.get('k:\ufffd')) === 'old' && rig.redis.near.peek('k:\ufffd') === 'old',
  );
  expect(await rig.redis.get('k:\ud800')).toBe('old');
  expect(rig.redis.near.stats().entries).toBe(1);
  rig.deafen();
  await rig.redis.set('k:\ud800', 'new');
  expect(await rig.redis.get('k:\ufffd')).toBe('new');
});

test('a write by Buffer drops the entry of the same key as a string', async () => {
  await using rig = await makeRig(server, { maxStaleness: 60_000 });
  const key = 'k:schlüssel-鍵-🔑';
  await rig.redis.set(key, 'old');
  await until(async () => (await rig.redis.get(key)) === 'old' && rig.redis.near.peek(key) === 'old');
  rig.deafen();
  await rig.redis.set(Buffer.from(key), 'new');
  expect(await rig.redis.get(key)).toBe('new');
});

test('pushes that arrive byte by byte name their keys exactly', async () => {
  await using rig = await makeRig(server);
  rig.tracking.fragment(1);
  for (const key of [
    'k:schlüssel',
    'k:鍵',
    'k:🔑',
    `k:${'ü'.repeat(40)}`,
    'k:\u0000\r\n',
    'k:é',
    'k:e\u0301',
    'k:\ufeff',
  ]) {
    await rig.outsider.set(key, 'old');
    await until(async () => (await rig.redis.get(key)) === 'old' && rig.redis.near.peek(key) === 'old');
    await rig.outsider.set(key, 'new');
    await until(() => rig.redis.near.peek(key) !== 'old', 5_000, `${JSON.stringify(key)} to be dropped`);
    expect(await rig.redis.get(key)).toBe('new');
  }
});

test('keys named like members of every object are keys like any other', async () => {
  await using rig = await makeRig(server, { prefixes: [''] });
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
    await rig.redis.set(key, `value of ${key}`);
    await until(
      async () => (await rig.redis.get(key)) === `value of ${key}` && rig.redis.near.peek(key) !== undefined,
    );
    await rig.outsider.set(key, 'new');
    await until(async () => (await rig.redis.get(key)) === 'new');
  }
});

test('arguments that look alike when written in a row are different reads', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.hSet('k:h', { '["a","b"]': 'one', a: 'A', b: 'B', 'a b': 'spaced', 'a\nb': 'broken' });
  for (let i = 0; i < 2; i++) {
    expect(await rig.redis.hmGet('k:h', '["a","b"]')).toEqual(['one']);
    expect(await rig.redis.hmGet('k:h', ['a', 'b'])).toEqual(['A', 'B']);
    expect(await rig.redis.hmGet('k:h', 'a b')).toEqual(['spaced']);
    expect(await rig.redis.hGet('k:h', 'a\nb')).toBe('broken');
  }
});
