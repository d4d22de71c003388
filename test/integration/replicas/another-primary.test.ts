// A replica that is none of this primary's any more, promoted or pointed at another: nobody pushes that, so it is asked.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { RedisServer } from '../../support/redis-server.js';
import { MAJORS, ReplicaRig, type ReplicaRigOptions } from '../../support/replica-rig.js';
import { single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
let stranger: RedisServer;
beforeAll(async () => {
  [bed, stranger] = await Promise.all([
    ReplicatedBed.start(),
    RedisServer.start('--repl-diskless-sync', 'no', '--repl-ping-replica-period', '1'),
  ]);
});
afterAll(() => Promise.all([bed.stop(), stranger.stop()]));
afterEach(async () => {
  for (const replica of bed.replicas) await bed.rejoin(replica);
});

/** With a lag that is tolerated for so long that only the replica's own words can end its reads. */
async function startRig(options: ReplicaRigOptions): Promise<ReplicaRig> {
  const clients = bed.replicas.map(({ url }) => single(options.major ?? 6, url));
  return ReplicaRig.start(bed, {
    maxStaleness: 30_000,
    routing: { reads: 'replicas', maxLag: 20_000, replicas: clients },
    ...options,
  });
}

/** The next heartbeat deposes it, and not another moment. */
async function expectDeposed(rig: ReplicaRig, replica: RedisServer): Promise<void> {
  await until(() => rig.row(replica)?.state === 'standby', 10_000, 'the replica to be deposed');
  await until(() => !rig.answers(replica));
  expect(rig.flushes).toContainEqual({ reason: 'deposed', entries: 1 });
  expect(rig.changes.at(-1)).toMatchObject({ answers: false, reason: 'tracking' });
  expect(rig.redis.near.peek('k:1')).toBeUndefined();
}

describe.each(MAJORS)('a client of v%i', (major) => {
  test('leaves out a replica that is promoted, and takes it back', async () => {
    await using rig = await startRig({ major });
    const home = await rig.home('k:1');
    await home.command('REPLICAOF', 'NO', 'ONE');
    await expectDeposed(rig, home);
    await home.command('SET', 'k:1', 'elsewhere');
    for (let read = 0; read < 20; read++) {
      rig.redis.near.clear();
      expect(await rig.redis.get('k:1')).toBe('home');
    }
    await bed.rejoin(home);
    await rig.answering(2);
    await rig.covered();
    rig.redis.near.clear();
    expect(await rig.redis.get('k:1')).toBe('home');
  });

  test('leaves out a replica that follows another primary', async () => {
    await using rig = await startRig({ major });
    const home = await rig.home('k:1');
    await stranger.command('SET', 'k:1', 'elsewhere');
    await home.command('REPLICAOF', '127.0.0.1', `${stranger.port}`);
    await until(async () => String(await home.command('GET', 'k:1').catch(() => '')) === 'elsewhere', 10_000);
    await until(() => rig.row(home)?.state === 'standby', 10_000, 'the replica to be deposed');
    await until(() => !rig.answers(home));
    for (let read = 0; read < 20; read++) {
      rig.redis.near.clear();
      expect(await rig.redis.get('k:1')).toBe('home');
    }
  });
});

test('what another primary sent to a replica is not read, not even between two heartbeats', async () => {
  await using rig = await startRig({ heartbeat: 1_000 });
  const home = await rig.home('k:1');
  await stranger.command('SET', 'k:1', 'elsewhere');
  await home.command('REPLICAOF', '127.0.0.1', `${stranger.port}`);
  await until(async () => String(await home.command('GET', 'k:1').catch(() => '')) === 'elsewhere', 10_000);
  for (let read = 0; read < 20; read++) {
    rig.redis.near.clear();
    expect(await rig.redis.get('k:1')).toBe('home');
  }
});

test('what a replica vouched for is flushed when it is found to share no history with the primary any more', async () => {
  await using rig = await startRig({});
  const home = await rig.home('k:1');
  await bed.primary.command('DEBUG', 'CHANGE-REPL-ID');
  await expectDeposed(rig, home);
  bed.link(home).cut();
});
