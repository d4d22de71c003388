// Rule C11: between WATCH and the end of its transaction reads go to Redis: a cached value there is a lost update.

import { expect, test } from 'vitest';
import { makeRig, type Rig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

/** Holds `k:1` = 1 while Redis has 2, and does not hear of it. */
async function outdated(): Promise<Rig> {
  const rig = await makeRig(server, { maxStaleness: 60_000 });
  await rig.outsider.set('k:1', '1');
  await until(async () => (await rig.redis.get('k:1')) === '1' && rig.redis.near.peek('k:1') === '1');
  rig.deafen();
  await rig.outsider.set('k:1', '2');
  return rig;
}

test('a read under WATCH sees Redis, so that an increment by WATCH is never lost', async () => {
  await using rig = await outdated();
  const { redis } = rig;
  await redis.watch('k:1');
  const seen = Number(await redis.get('k:1'));
  expect(seen).toBe(2);
  await redis
    .multi()
    .set('k:1', String(seen + 1))
    .exec();
  expect(await redis.get('k:1')).toBe('3');
});

const endings: Record<string, (rig: Rig) => Promise<unknown>> = {
  exec: ({ redis }) => redis.multi().ping().exec(),
  unwatch: ({ redis }) => redis.unwatch(),
  'a raw EXEC': ({ redis }) => redis.sendCommand(['EXEC']).catch(() => {}),
  'an EXEC that fails, because the key changed': async ({ redis, outsider }) => {
    await outsider.set('k:1', 'x');
    await expect(redis.multi().ping().exec()).rejects.toThrow('watched');
  },
};

test.each(Object.entries(endings))('after %s reads are cached again', async (_, end) => {
  await using rig = await makeRig(server);
  await rig.redis.watch('k:1');
  expect(rig.redis.near.state).toBe('bypass');
  await rig.redis.get('k:1');
  expect(rig.redis.near.peek('k:1')).toBeUndefined();
  await end(rig);
  expect(rig.redis.near.state).toBe('serving');
  await until(async () => {
    await rig.redis.get('k:1');
    return rig.redis.near.peek('k:1') !== undefined;
  });
});

test('a pipeline ends no WATCH, and an older transaction does not end a newer WATCH', async () => {
  await using rig = await makeRig(server);
  const { redis } = rig;
  await redis.watch('k:1');
  await redis.multi().ping().execAsPipeline();
  expect(redis.near.state).toBe('bypass');
  const exec = redis.multi().ping().exec();
  const watch = redis.watch('k:1');
  await exec;
  expect(redis.near.state).toBe('bypass');
  await watch;
  await redis.unwatch();
  expect(redis.near.state).toBe('serving');
});

test('a WATCH on an isolated connection leaves the reads of others alone', async () => {
  await using rig = await makeRig(server);
  await rig.redis.executeIsolated(async (isolated) => {
    await isolated.watch('k:1');
    expect(rig.redis.near.state).toBe('serving');
    await isolated.multi().set('k:1', 'new').exec();
  });
  expect(await rig.redis.get('k:1')).toBe('new');
});

test('replies QUEUED of a transaction sent by hand are not taken for values', async () => {
  await using rig = await makeRig(server);
  const { redis } = rig;
  await redis.set('k:1', 'value');
  await redis.sendCommand(['MULTI']);
  expect(await redis.get('k:1')).toBe('QUEUED');
  await redis.sendCommand(['EXEC']);
  await rig.serving();
  expect(await redis.get('k:1')).toBe('value');
  expect(await redis.get('k:1')).toBe('value');
});
