// Rule C5: a lost connection means bypass and flush at once; back, it is arm, flush, serve, in that order.

import { expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { makeRig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

test('what changed while nobody listened is not served afterwards', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'old');
  await until(async () => (await rig.redis.get('k:1')) === 'old' && rig.redis.near.peek('k:1') === 'old');
  rig.tracking.refuse();
  await until(() => rig.redis.near.state === 'bypass');
  expect(rig.redis.near.stats().entries).toBe(0);
  await rig.outsider.set('k:1', 'new');
  expect(await rig.redis.get('k:1')).toBe('new');
  expect(rig.redis.near.stats().entries).toBe(0);
  await rig.outsider.set('k:1', 'newer');
  rig.tracking.heal();
  await rig.serving();
  expect(await rig.redis.get('k:1')).toBe('newer');
  expect(rig.redis.near.peek('k:1')).toBe('newer');
});

test('a killed tracking connection comes back by itself and listens again', async () => {
  await using rig = await makeRig(server);
  const states: string[] = [];
  rig.redis.near.on('state', ({ to, reason }) => states.push(`${to}: ${reason}`));
  await rig.redis.get('k:1');
  const list = String(await rig.outsider.sendCommand(['CLIENT', 'LIST']));
  const id = /id=(\d+)[^\n]*name=near-cache:tracking/.exec(list)?.[1] ?? '';
  await rig.outsider.sendCommand(['CLIENT', 'KILL', 'ID', id]);
  await until(() => states.length === 2);
  expect(states).toEqual(['bypass: lost', 'serving: armed']);
  expect(rig.redis.near.stats().tracking[0]).toMatchObject({ reconnects: 1, state: 'armed' });
  await rig.redis.get('k:1');
  await rig.outsider.set('k:1', 'new');
  await until(async () => (await rig.redis.get('k:1')) === 'new');
});

test('a server that restarts empty leaves nothing of before', async () => {
  await using restarted = {
    server: await RedisServer.start(),
    [Symbol.asyncDispose]: () => restarted.server.stop(),
  };
  await using rig = await makeRig(restarted.server);
  await rig.outsider.set('k:1', 'before');
  await until(
    async () => (await rig.redis.get('k:1')) === 'before' && rig.redis.near.peek('k:1') === 'before',
  );
  await restarted.server.kill();
  await until(() => rig.redis.near.state === 'bypass');
  await restarted.server.launch();
  await rig.serving();
  expect(await rig.redis.get('k:1')).toBeNull();
});

test('reads work while the tracking connection can not be opened, and the state says so', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'value');
  rig.tracking.refuse();
  await until(() => rig.redis.near.state === 'bypass');
  for (let i = 0; i < 5; i++) expect(await rig.redis.get('k:1')).toBe('value');
  expect(rig.prefix()).toMatchObject({ bypassed: 5, hits: 0 });
});
