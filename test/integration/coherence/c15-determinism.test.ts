// Rule C15: a command whose reply changes without a write to its key is never cached.

import { expect, test } from 'vitest';
import { calls, makeRig, type Rig } from '../../support/rig.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

const reads: Record<string, [command: string, read: (rig: Rig) => Promise<unknown>]> = {
  ttl: ['ttl', ({ redis }) => redis.ttl('k:1')],
  pTTL: ['pttl', ({ redis }) => redis.pTTL('k:1')],
  objectIdleTime: ['object\\|idletime', ({ redis }) => redis.objectIdleTime('k:1')],
  touch: ['touch', ({ redis }) => redis.touch('k:1')],
  randomKey: ['randomkey', ({ redis }) => redis.randomKey()],
  hRandField: ['hrandfield', ({ redis }) => redis.hRandField('k:h')],
  sRandMember: ['srandmember', ({ redis }) => redis.sRandMember('k:s')],
  zRandMember: ['zrandmember', ({ redis }) => redis.zRandMember('k:z')],
  hScan: ['hscan', ({ redis }) => redis.hScan('k:h', 0)],
  sortRo: ['sort_ro', ({ redis }) => redis.sortRo('k:s', { BY: 'other:*', ALPHA: true })],
  dump: ['dump', ({ redis }) => redis.dump('k:1')],
};

test.each(Object.entries(reads))('%s goes to Redis every time', async (_, [command, read]) => {
  await using rig = await makeRig(server);
  await rig.redis
    .multi()
    .set('k:1', 'v')
    .hSet('k:h', 'f', 'v')
    .sAdd('k:s', 'm')
    .zAdd('k:z', { score: 1, value: 'm' })
    .exec();
  await server.command('CONFIG', 'RESETSTAT');
  for (let i = 0; i < 3; i++) await read(rig);
  expect(await calls(server, command)).toBe(3);
});
