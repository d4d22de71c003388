// Rule C2: a push drops its key's entry and poisons its flights; a null push does so for all.

import { expect, test } from 'vitest';
import { calls, makeRig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

test('a write by another client ends the entry, all its replies at once', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.hSet('k:h', { a: '1', b: '2' });
  const read = async () => [
    await rig.redis.hGet('k:h', 'a'),
    await rig.redis.hGetAll('k:h'),
    await rig.redis.hLen('k:h'),
  ];
  await read();
  expect(rig.prefix().entries).toBe(1);
  await rig.outsider.hSet('k:h', { a: '9' });
  await until(() => rig.prefix().entries === 0);
  expect(await read()).toEqual(['9', { a: '9', b: '2' }, 2]);
});

test.each([
  ['FLUSHALL', ['FLUSHALL']],
  ['FLUSHDB', ['FLUSHDB']],
])('%s by another client empties the cache', async (_, command) => {
  await using rig = await makeRig(server);
  await rig.outsider.mSet({ 'k:1': 'a', 'k:2': 'b' });
  await rig.redis.mGet(['k:1', 'k:2']);
  await until(() => rig.prefix().invalidations === 2);
  await rig.redis.mGet(['k:1', 'k:2']);
  const flushed = new Promise((resolve) => rig.redis.near.once('flush', resolve));
  await rig.outsider.sendCommand(command);
  expect(await flushed).toEqual({ reason: 'server', entries: 2 });
  expect(await rig.redis.mGet(['k:1', 'k:2'])).toEqual([null, null]);
});

test('every way to change a key ends its entry: expiry, rename, script, transaction, eviction', async () => {
  await using rig = await makeRig(server);
  const { redis, outsider } = rig;
  const changes: Record<string, () => Promise<unknown>> = {
    'k:del': () => outsider.del('k:del'),
    'k:expire': () => outsider.pExpire('k:expire', 1),
    'k:rename': () => outsider.rename('k:rename', 'k:renamed'),
    'k:script': () => outsider.eval("return redis.call('SET', KEYS[1], 'z')", { keys: ['k:script'] }),
    'k:exec': () => outsider.multi().set('k:exec', 'z').exec(),
    'k:copy': () => outsider.copy('k:rename-source', 'k:copy', { replace: true }),
  };
  await outsider.set('k:rename-source', 'z');
  for (const [key, change] of Object.entries(changes)) {
    await outsider.set(key, 'a');
    await until(async () => (await redis.get(key)) === 'a' && redis.near.peek(key) === 'a');
    await change();
    await until(() => redis.near.peek(key) !== 'a', 5_000, `${key} to be dropped`);
    expect(await redis.get(key)).toBe(await outsider.get(key));
  }
});

test('a key that was missing is noticed when it is created', async () => {
  await using rig = await makeRig(server);
  expect(await rig.redis.get('k:new')).toBeNull();
  expect(rig.redis.near.peek('k:new')).toBeNull();
  await rig.outsider.set('k:new', 'here');
  await until(() => rig.redis.near.peek('k:new') === undefined);
  expect(await rig.redis.get('k:new')).toBe('here');
});

test('keys of other prefixes are neither held nor listened for', async () => {
  await using rig = await makeRig(server);
  await server.command('CONFIG', 'RESETSTAT');
  await rig.outsider.set('other:1', 'a');
  await rig.redis.get('other:1');
  await rig.redis.get('other:1');
  expect(await calls(server, 'get')).toBe(2);
  expect(rig.redis.near.stats()).toMatchObject({ entries: 0, tracking: [{ invalidations: 0 }] });
});
