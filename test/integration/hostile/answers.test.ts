// What a node says of itself, where it is no sense: ROLE, INFO replication, CLUSTER INFO and CLUSTER NODES. A node that
// cannot say what it is vouches for nothing.

import { createCluster } from '@redis/client';
import { withNearCache } from 'redis-near-cache';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { bulk } from '../../support/resp-frames.js';
import { RespMeddler } from '../../support/resp-meddler.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { LEASE, makeHostileRig } from './hostile-rig.js';

const server = await useServer();

const NONSENSE: [what: string, answer: string | Buffer][] = [
  ['OK', '+OK\r\n'],
  ['PONG', '+PONG\r\n'],
  ['an integer', ':1\r\n'],
  ['null', '_\r\n'],
  ['no list', '*-1\r\n'],
  ['an empty list', '*0\r\n'],
  ['a role that no server has', '*1\r\n$6\r\nqueen!\r\n'],
  ['a sentinel', '*2\r\n$8\r\nsentinel\r\n*0\r\n'],
  ['a replica that says nothing of its link', '*1\r\n$5\r\nslave\r\n'],
  [
    'a replica whose link is a map',
    '*4\r\n$5\r\nslave\r\n$1\r\nx\r\n:1\r\n%1\r\n$8\r\ntoString\r\n$1\r\nx\r\n',
  ],
  ['a map that cannot be made a text', '*1\r\n%2\r\n$8\r\ntoString\r\n:1\r\n$7\r\nvalueOf\r\n:1\r\n'],
  ['a map with another prototype', '%1\r\n$9\r\n__proto__\r\n*1\r\n$6\r\nmaster\r\n'],
  ['a list a thousand deep', `${'*1\r\n'.repeat(1_000)}$6\r\nmaster\r\n`],
  ['text', '$13\r\nrole:queen!\r\n\r\n'],
  ['a megabyte', bulk(Buffer.alloc(2 ** 20, ':\n'))],
];

/** The watches of clusters are looked at more closely in test/unit/moved-slots.test.ts. */
const SOME = NONSENSE.filter(([what]) => /^(OK|null|text|a list|a map that)/.test(what));

describe.each([
  ['ROLE', {}],
  ['INFO', { routing: { reads: 'replicas' } }],
] as const)('%s answered with', (question, options) => {
  test.each(NONSENSE)('%s ends the session', async (_, answer) => {
    await using rig = await makeHostileRig(server, options);
    await rig.begin();
    await rig.serving();
    rig.meddler.answer(question, answer);
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons[1]).toBe('bypass: lost');
    expect(String(rig.errors[0]?.cause)).toMatch(`${question}`);
    await rig.expectUnharmed();
  });

  test('an error of no sense proves nothing, and the cache says so', async () => {
    await using rig = await makeHostileRig(server, options);
    rig.meddler.answer(question, '-ERR blue\r\n');
    await rig.begin();
    await until(() => rig.warnings.includes('standby'));
    expect(rig.tracking()).toMatchObject({ state: 'standby', epoch: 0 });
    expect(rig.reasons).toEqual([]);
    rig.meddler.honest();
    await rig.serving();
    expect(rig.meddler.accepted).toBe(1);
    await rig.expectUnharmed();
  });
});

test('replicas at addresses that are none do not harm the primary', async () => {
  await using rig = await makeHostileRig(server, { routing: { reads: 'replicas' } });
  const replicas = [
    'ip=127.0.0.1,port=70000',
    'ip=127.0.0.1,port=1',
    'ip=,port=6379',
    'ip=\u0000,port=6379',
    'ip=x',
  ]
    .map((address, at) => `slave${at}:${address},state=online,offset=1,lag=0\r\n`)
    .join('');
  rig.meddler.answer('INFO', (_, honest) =>
    bulk(`${honest.toString().split('\r\n').slice(1).join('\r\n')}${replicas}`),
  );
  await rig.begin();
  await rig.serving();
  await until(() => rig.redis.near.stats().tracking.length > 3);
  await until(() => rig.errors.length > 5);
  await rig.serving();
  rig.meddler.honest();
  await until(() => rig.redis.near.stats().tracking.length === 1);
  await rig.expectUnharmed();
});

describe('a cluster whose node answers', () => {
  let node: RedisServer;
  beforeAll(async () => {
    node = await RedisServer.start('--cluster-enabled', 'yes');
    await node.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => /cluster_state:ok/.test(String(await node.command('CLUSTER', 'INFO'))), 10_000);
  });
  afterAll(() => node.stop());

  test.each([
    ...SOME.map(([what, answer]) => ['CLUSTER INFO', what, answer] as const),
    ...SOME.map(([what, answer]) => ['CLUSTER NODES', what, answer] as const),
  ])('%s with %s: the session ends, and reads go on', async (question, _, answer) => {
    const meddler = await RespMeddler.start(node.port);
    const raw = createCluster({
      rootNodes: [{ url: meddler.url }],
      nodeAddressMap: () => ({ host: '127.0.0.1', port: meddler.port }),
    });
    raw.on('error', () => {});
    const redis = withNearCache(raw, { prefixes: ['k:'], ...LEASE, tracking: { reconnectStrategy: 20 } });
    const codes: string[] = [];
    redis.near.on('error', ({ code }) => codes.push(code));
    try {
      await redis.connect();
      await until(() => redis.near.state === 'serving');
      await redis.get('k:1');
      meddler.answer(question, answer);
      await until(() => codes.includes('ERR_NEAR_TRACKING_LOST'));
      for (const value of ['a', 'b']) {
        await node.command('SET', 'k:1', value);
        expect(await redis.get('k:1')).toBe(value);
      }
      meddler.honest();
      await until(() => redis.near.state === 'serving');
      await until(async () => (await redis.get('k:1')) === 'b' && redis.near.peek('k:1') === 'b');
    } finally {
      redis.near.close();
      raw.destroy();
      await meddler.stop();
    }
  });
});
