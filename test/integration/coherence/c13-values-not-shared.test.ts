// Rule C13: a caller that changes a reply never changes what the next one gets.

import { expect, test } from 'vitest';
import { makeRig, type Rig } from '../../support/rig.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

const reads: Record<string, (rig: Rig) => Promise<unknown>> = {
  hGetAll: ({ redis }) => redis.hGetAll('k:h'),
  hmGet: ({ redis }) => redis.hmGet('k:h', ['a', 'b']),
  lRange: ({ redis }) => redis.lRange('k:l', 0, -1),
  sMembers: ({ redis }) => redis.sMembers('k:s'),
  zRangeWithScores: ({ redis }) => redis.zRangeWithScores('k:z', 0, -1),
  mGet: ({ redis }) => redis.mGet(['k:1', 'k:2']),
};

function vandalise(reply: unknown): void {
  if (Array.isArray(reply)) {
    for (const item of reply) vandalise(item);
    reply.reverse();
    reply.push('vandalised');
  } else if (typeof reply === 'object' && reply !== null) {
    for (const name of Object.keys(reply)) Reflect.set(reply, name, 'vandalised');
    Reflect.set(reply, 'more', 'vandalised');
  }
}

test.each(Object.entries(reads))(
  '%s hands out a copy to each: to the first, to those who joined, to every hit',
  async (_, read) => {
    await using rig = await makeRig(server);
    await rig.redis
      .multi()
      .hSet('k:h', { a: '1', b: '2' })
      .rPush('k:l', ['x', 'y'])
      .sAdd('k:s', 'm')
      .zAdd('k:z', { score: 1, value: 'm' })
      .mSet({ 'k:1': 'a', 'k:2': 'b' })
      .exec();
    const truth = structuredClone(await read(rig));
    rig.redis.near.clear();
    const [first, joined] = await Promise.all([read(rig), read(rig)]);
    expect(first).toEqual(truth);
    vandalise(first);
    expect(joined).toEqual(truth);
    vandalise(joined);
    for (let i = 0; i < 2; i++) {
      const hit = await read(rig);
      expect(hit).toEqual(truth);
      vandalise(hit);
    }
    expect(rig.prefix().hits).toBeGreaterThan(0);
  },
);

test('a hash keeps having no prototype', async () => {
  await using rig = await makeRig(server);
  await rig.redis.hSet('k:h', { a: '1' });
  for (let i = 0; i < 3; i++) expect(Object.getPrototypeOf(await rig.redis.hGetAll('k:h'))).toBeNull();
});
