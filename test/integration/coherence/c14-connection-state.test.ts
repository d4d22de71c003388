// Rule C14: commands that change what the connection's keys mean empty the cache. Invalidations are held back.

import { expect, test } from 'vitest';
import { makeRig, type Rig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

const changes: Record<string, (rig: Rig) => Promise<unknown>> = {
  select: ({ redis }) => redis.select(1),
  SELECT: ({ redis }) => redis.SELECT(1),
  'a raw SELECT': ({ redis }) => redis.sendCommand(['select', '1']),
  'select in MULTI': ({ redis }) => redis.multi().select(1).exec(),
  swapDb: ({ redis }) => redis.swapDb(0, 1),
  flushDb: ({ redis }) => redis.flushDb(),
  flushAll: ({ redis }) => redis.flushAll(),
};

test.each(Object.entries(changes))('%s empties the cache', async (_, change) => {
  await using rig = await makeRig(server, { maxStaleness: 60_000 });
  await rig.outsider.set('k:1', 'database 0');
  await until(
    async () => (await rig.redis.get('k:1')) === 'database 0' && rig.redis.near.peek('k:1') !== undefined,
  );
  rig.deafen();
  await change(rig);
  expect(await rig.redis.get('k:1')).toBeNull();
});

test('a read sent before select is not stored for after it', async () => {
  await using rig = await makeRig(server, { maxStaleness: 60_000 });
  await rig.outsider.set('k:1', 'database 0');
  await until(() => rig.prefix().invalidations === 1);
  const [read] = await rig.heldRead(() => rig.redis.get('k:1'));
  const select = rig.redis.select(1);
  rig.data.release('down');
  expect(await read).toBe('database 0');
  await select;
  expect(await rig.redis.get('k:1')).toBeNull();
});

test('auth empties the cache: another user may see other keys', async () => {
  await server.command('ACL', 'SETUSER', 'limited', 'on', '>secret', '~other:*', '+@all');
  await using rig = await makeRig(server);
  await rig.redis.set('k:1', 'value');
  await until(async () => (await rig.redis.get('k:1')) === 'value' && rig.redis.near.peek('k:1') === 'value');
  await rig.redis.auth({ username: 'limited', password: 'secret' });
  await expect(rig.redis.get('k:1')).rejects.toThrow('NOPERM');
});

test('a key of the same name in another database costs an invalidation, never a wrong value', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'database 0');
  await until(
    async () => (await rig.redis.get('k:1')) === 'database 0' && rig.redis.near.peek('k:1') !== undefined,
  );
  await rig.outsider.select(1);
  await rig.outsider.set('k:1', 'database 1');
  await until(() => rig.redis.near.peek('k:1') === undefined);
  expect(await rig.redis.get('k:1')).toBe('database 0');
});
