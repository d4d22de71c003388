// Rule C7: an entry ends at the smallest of its prefix's ttl, the option ttl and the key's own expiry, all counted
// from when its read was sent.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { calls, makeRig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();
beforeEach(async () => {
  // Without it nothing deletes an expired key, so no push says that it is gone: the normal case with many keys.
  await server.command('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
});

test('a key that expires at the server is not served afterwards, though no push came', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'value', { PX: 150 });
  const expired = performance.now() + 150;
  await until(async () => (await rig.redis.get('k:1')) === 'value' && rig.redis.near.peek('k:1') === 'value');
  await until(() => performance.now() > expired);
  expect(rig.redis.near.peek('k:1')).toBeUndefined();
  expect(await rig.redis.get('k:1')).toBeNull();
});

test('not even for the part of a millisecond that PTTL rounds up', async () => {
  await using rig = await makeRig(server);
  let held = 0;
  for (let round = 0; round < 100; round++) {
    const key = `k:round:${round}`;
    await rig.outsider.set(key, 'value', { PX: 20 });
    const expired = performance.now() + 20;
    await turnsUntil(() => rig.prefix().invalidations > round);
    // The longer the part of a millisecond that has passed, the more is rounded up, unless another one begins.
    for (const start = performance.now(); performance.now() < start + (round % 10) / 10; );
    await rig.redis.get(key);
    if (rig.redis.near.peek(key) === 'value') held++;
    await turnsUntil(() => performance.now() > expired);
    expect(rig.redis.near.peek(key)).toBeUndefined();
  }
  expect(held).toBeGreaterThan(50);
});

test('the same holds for mGet and for hashes', async () => {
  await using rig = await makeRig(server);
  await rig.outsider
    .multi()
    .set('k:1', 'value', { PX: 150 })
    .hSet('k:h', 'f', 'v')
    .pExpire('k:h', 150)
    .exec();
  const expired = performance.now() + 150;
  expect(await rig.redis.mGet(['k:1'])).toEqual(['value']);
  expect(await rig.redis.hGetAll('k:h')).toEqual({ f: 'v' });
  await until(() => performance.now() > expired);
  expect(await rig.redis.mGet(['k:1'])).toEqual([null]);
  expect(await rig.redis.hGetAll('k:h')).toEqual({});
});

test('with serverTtl: false the expiry is not asked for', async () => {
  await using rig = await makeRig(server, { serverTtl: false });
  await server.command('CONFIG', 'RESETSTAT');
  await rig.redis.get('k:1');
  await rig.redis.mGet(['k:2', 'k:3']);
  expect(await calls(server, 'pttl')).toBe(0);
});

describe.each([
  ['the option ttl', { ttl: 100 }],
  ["the prefix's ttl", { prefixes: [{ prefix: 'k:', ttl: 100 }] }],
])('%s', (_, options) => {
  test('ends an entry', async () => {
    await using rig = await makeRig(server, options);
    await rig.outsider.set('k:1', 'value');
    await until(
      async () => (await rig.redis.get('k:1')) === 'value' && rig.redis.near.peek('k:1') === 'value',
    );
    await until(() => rig.redis.near.peek('k:1') === undefined);
  });

  test('counts from the sending of the read, not from its reply', async () => {
    await using rig = await makeRig(server, options);
    await rig.outsider.set('k:1', 'value');
    await until(() => rig.prefix().invalidations === 1);
    const sent = performance.now();
    const [reply] = await rig.heldRead(() => rig.redis.get('k:1'));
    await until(() => performance.now() > sent + 110);
    rig.data.release('down');
    expect(await reply).toBe('value');
    expect(rig.prefix().fills).toBe(1);
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
  });
});

/** Looks at every turn of the event loop, so that it ends within microseconds. */
async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}
