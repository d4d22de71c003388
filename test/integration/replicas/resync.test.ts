// Replicas that lose their link for a moment and resynchronise, partially or from scratch: coherent, and used again.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { fieldsOf } from '../../support/beds/servers.js';
import type { RedisServer } from '../../support/redis-server.js';
import { MAJORS, ReplicaRig } from '../../support/replica-rig.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start({ args: ['--repl-backlog-size', '16kb'] });
});
afterAll(() => bed.stop());

/** How often the primary has sent a replica everything, or only what it had missed. */
async function syncs(): Promise<{ full: number; partial: number }> {
  const stats = fieldsOf(await bed.primary.command('INFO', 'stats'));
  return { full: Number(stats.get('sync_full')), partial: Number(stats.get('sync_partial_ok')) };
}

/** It is read from again, and tells what is there now. */
async function expectUse(rig: ReplicaRig, replica: RedisServer, key: string): Promise<void> {
  await bed.linked();
  await bed.caughtUp(replica);
  await rig.answering(2);
  await rig.covered();
  await rig.outsider.set(key, 'after');
  await bed.caughtUp();
  await until(() => rig.redis.near.peek(key) === undefined);
  const before = rig.row(replica)?.replicaReads ?? 0;
  expect(await rig.redis.get(key)).toBe('after');
  await until(async () => {
    rig.redis.near.clear();
    await rig.redis.get(key);
    return (rig.row(replica)?.replicaReads ?? 0) > before;
  });
}

describe.each(MAJORS)('for a client of v%i', (major) => {
  test('a partial resynchronisation brings what was missed', async () => {
    await using rig = await ReplicaRig.start(bed, { major });
    const home = await rig.home('k:1');
    const before = await syncs();
    expect(await rig.redis.get('k:1')).toBe('home');
    const link = await rig.stall(home);
    await rig.outsider.set('k:1', 'missed');
    link.refuse();
    link.heal();
    await until(async () => (await syncs()).partial === before.partial + 1, 10_000);
    await until(async () => (await rig.redis.get('k:1')) === 'missed');
    await expectUse(rig, home, 'k:1');
  });

  test('so does a full one, after more was missed than the primary keeps', async () => {
    await using rig = await ReplicaRig.start(bed, { major });
    const home = await rig.home('k:1');
    const before = await syncs();
    expect(await rig.redis.get('k:1')).toBe('home');
    const link = await rig.stall(home);
    await rig.outsider.set('k:1', 'missed');
    await rig.outsider.set('other', 'x'.repeat(100_000));
    link.refuse();
    link.heal();
    await until(async () => (await syncs()).full === before.full + 1, 10_000);
    await until(async () => (await rig.redis.get('k:1')) === 'missed');
    await expectUse(rig, home, 'k:1');
  });
});

test.each([
  ['a primary that is reloaded', () => bed.primary, ['DEBUG', 'RELOAD']],
  ['a replica that is reloaded', () => bed.replicas[0] ?? bed.primary, ['DEBUG', 'RELOAD']],
  ['a primary that begins a new history', () => bed.primary, ['DEBUG', 'CHANGE-REPL-ID']],
] as const)('%s leaves nothing old behind', async (_, node, command) => {
  await using rig = await ReplicaRig.start(bed);
  const home = await rig.home('k:1');
  expect(await rig.redis.get('k:1')).toBe('home');
  await node().command(...command);
  await rig.outsider.set('k:1', 'new');
  await until(async () => (await rig.redis.get('k:1')) === 'new');
  // A new history is told at the next handshake only.
  for (const replica of bed.replicas) bed.link(replica).cut();
  await expectUse(rig, home, 'k:1');
});

test('a replica that is restarted empty is not read from before it has everything', async () => {
  await using rig = await ReplicaRig.start(bed);
  const home = await rig.home('k:1');
  const link = bed.link(home);
  link.refuse();
  await home.kill();
  await home.launch();
  await home.command('REPLICAOF', '127.0.0.1', `${link.port}`);
  for (let read = 0; read < 100; read++) {
    rig.redis.near.clear();
    expect(await rig.redis.get('k:1')).toBe('home');
  }
  link.heal();
  await expectUse(rig, home, 'k:1');
});
