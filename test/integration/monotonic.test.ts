// Promise (d): one process never sees a key go back in time, whichever commands it reads it with. Invalidations are
// held back: what was read first is outdated and the cache has not been told.

import { commandOptions } from 'redis-client-v4';
import { describe, expect, test } from 'vitest';
import { calls, makeRig, type Rig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();

/** Holds `k:1` = 1 and `k:h` = { f: 1 }, while Redis has 2 in both, and does not hear of it. */
async function outdated(): Promise<Rig> {
  const rig = await makeRig(server, { maxStaleness: 60_000 });
  const { redis, outsider } = rig;
  await outsider.multi().set('k:1', '1').hSet('k:h', 'f', '1').exec();
  await until(() => rig.prefix().invalidations === 2);
  await redis.get('k:1');
  await redis.hGetAll('k:h');
  rig.deafen();
  await outsider.multi().set('k:1', '2').hSet('k:h', 'f', '2').exec();
  expect(await redis.get('k:1')).toBe('1');
  expect(await redis.hGetAll('k:h')).toEqual({ f: '1' });
  return rig;
}

describe('after the new value was seen', () => {
  const ways: Record<string, (rig: Rig) => Promise<unknown>> = {
    'in a transaction': ({ redis }) => redis.multi().get('k:1').exec(),
    'in a pipeline': ({ redis }) => redis.multi().get('k:1').execAsPipeline(),
    'by a raw command': ({ redis }) => redis.sendCommand(['GET', 'k:1']),
    'by another read of the same key': ({ redis }) => redis.getRange('k:1', 0, 0),
    'by a command that is not cached': ({ redis }) => redis.sendCommand(['SUBSTR', 'k:1', '0', '0']),
    'as bytes': ({ redis }) => redis.get(commandOptions({ returnBuffers: true }), 'k:1'),
    'on an isolated client': ({ redis }) => redis.executeIsolated((isolated) => isolated.get('k:1')),
    'under WATCH': async ({ redis }) => {
      await redis.watch('k:1');
      const seen = await redis.get('k:1');
      await redis.unwatch();
      return seen;
    },
    'by mGet under WATCH': async ({ redis }) => {
      await redis.watch('k:1');
      const seen = await redis.mGet(['k:1']);
      await redis.unwatch();
      return seen;
    },
  };

  test.each(Object.entries(ways))('%s, get() does not return the old one', async (_, see) => {
    await using rig = await outdated();
    expect(String(await see(rig))).toBe('2');
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
    expect(await rig.redis.get('k:1')).toBe('2');
    expect(await rig.redis.get('k:1')).toBe('2');
  });

  test('in one field, the whole hash is not the old one', async () => {
    await using rig = await outdated();
    expect(await rig.redis.hGet('k:h', 'f')).toBe('2');
    expect(await rig.redis.hGetAll('k:h')).toEqual({ f: '2' });
    expect(await rig.redis.hGet('k:h', 'f')).toBe('2');
  });
});

test('by an iterator over a hash, the whole hash is not the old one', async () => {
  await using rig = await outdated();
  for await (const { value } of rig.redis.hScanIterator('k:h')) expect(value).toBe('2');
  expect(await rig.redis.hGetAll('k:h')).toEqual({ f: '2' });
});

test('a read under way that is older than what was seen meanwhile is not stored', async () => {
  await using rig = await makeRig(server, { maxStaleness: 60_000 });
  await rig.outsider.set('k:1', '1');
  await until(() => rig.prefix().invalidations === 1);
  const [early] = await rig.heldRead(() => rig.redis.get('k:1'));
  rig.deafen();
  await rig.outsider.set('k:1', '2');
  const seen = rig.redis.executeIsolated((isolated) => isolated.get('k:1'));
  // Both replies come in one turn, the older one first on its own connection.
  rig.data.release('down');
  expect(await early).toBe('1');
  expect(await seen).toBe('2');
  expect(await rig.redis.get('k:1')).toBe('2');
});

test('while nothing changes, many replies of one key are all answered from memory', async () => {
  await using rig = await makeRig(server);
  const { redis } = rig;
  await rig.outsider.hSet('k:h', { a: '1', b: '2', c: '3' });
  await until(() => rig.prefix().invalidations === 1);
  await server.command('CONFIG', 'RESETSTAT');
  for (let round = 0; round < 5; round++) {
    for (const field of ['a', 'b', 'c', 'd']) await redis.hGet('k:h', field);
    await redis.hGetAll('k:h');
    await redis.hLen('k:h');
  }
  expect(await calls(server, 'hget')).toBe(4);
  expect(await calls(server, 'hgetall')).toBe(1);
  expect(await calls(server, 'hlen')).toBe(1);
  expect(rig.prefix()).toMatchObject({ misses: 6, hits: 24, entries: 1 });
});
