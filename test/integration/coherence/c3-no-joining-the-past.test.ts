// Rule C3: a reader that arrives after the poison starts a new flight.

import { expect, test } from 'vitest';
import { calls, makeRig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

test('a reader that comes after the push never gets the reply of before it', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'old');
  const [early] = await rig.heldRead(() => rig.redis.get('k:1'));
  await rig.outsider.set('k:1', 'new');
  await until(() => rig.prefix().invalidations === 2);
  const late = rig.redis.get('k:1');
  rig.data.release('down');

  expect(await early).toBe('old');
  expect(await late).toBe('new');
  expect(rig.redis.near.peek('k:1')).toBe('new');
});

test('a reader that comes after an own write never gets the reply of before it', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'old');
  await until(() => rig.prefix().invalidations === 1);
  rig.deafen();
  const [early] = await rig.heldRead(() => rig.redis.get('k:1'));
  const write = rig.redis.set('k:1', 'new');
  const late = rig.redis.get('k:1');
  rig.data.release('down');

  expect(await early).toBe('old');
  await write;
  expect(await late).toBe('new');
});

test('readers that come while nothing happened share one read', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'value');
  await until(() => rig.prefix().invalidations === 1);
  await server.command('CONFIG', 'RESETSTAT');
  const [first] = await rig.heldRead(() => rig.redis.get('k:1'));
  const others = Array.from({ length: 20 }, () => rig.redis.get('k:1'));
  rig.data.release('down');

  expect(new Set(await Promise.all([first, ...others]))).toEqual(new Set(['value']));
  expect(await calls(server, 'get')).toBe(1);
  expect(rig.prefix()).toMatchObject({ misses: 1, coalesced: 20 });
});
