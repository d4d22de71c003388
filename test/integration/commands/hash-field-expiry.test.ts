// Fields of a hash can expire by themselves on Redis 7.4 and later. The server says so when it deletes the field,
// which can be long after: rule C7 has to hold for fields as it does for keys.

import { expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { makeRig } from '../../support/rig.js';
import { until } from '../../support/until.js';

test('a field that expired is not answered from memory, though the server has not deleted it yet', async () => {
  const server = await RedisServer.start();
  try {
    await using rig = await makeRig(server, { maxStaleness: 300 });
    await server.command('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    await rig.outsider.hSet('k:hash', { f: 'short-lived', g: 'lasting' });
    const now = await rig.outsider.time();
    const end = now.getTime() + 100;
    // A server without such expiry refuses, and the field stays.
    await rig.outsider.hpExpireAt('k:hash', 'f', end).catch(() => {});
    await until(async () => {
      await rig.redis.hGet('k:hash', 'f');
      await rig.redis.hGetAll('k:hash');
      return (await rig.outsider.time()).getTime() > end + 300;
    });
    const replies = [await rig.redis.hGet('k:hash', 'f'), await rig.redis.hGetAll('k:hash')];
    expect(replies).toEqual([await rig.outsider.hGet('k:hash', 'f'), await rig.outsider.hGetAll('k:hash')]);
  } finally {
    await server.stop();
  }
});
