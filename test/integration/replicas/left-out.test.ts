// A replica that is behind or cut off answers no reads until it has caught up, and nothing it said outlives the lease.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { MAJORS, ReplicaRig } from '../../support/replica-rig.js';
import { calls } from '../../support/rig.js';
import { single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start();
});
afterAll(() => bed.stop());
afterEach(async () => {
  for (const replica of bed.replicas) bed.link(replica).heal();
  await bed.linked();
});

describe.each(MAJORS)('a client of v%i', (major) => {
  test('reads elsewhere while a link is broken, and there again when it is back', async () => {
    const clients = bed.replicas.map(({ url }) => single(major, url));
    await using rig = await ReplicaRig.start(bed, {
      major,
      maxStaleness: 600,
      routing: { reads: 'replicas', maxLag: 200, replicas: clients },
    });
    const home = await rig.home('k:1');
    const link = bed.link(home);
    const { redis } = rig;
    expect(await redis.get('k:1')).toBe('home');
    link.refuse();
    await until(() => rig.changes.some(({ node, answers }) => node.endsWith(`:${home.port}`) && !answers));
    expect(rig.answers(home)).toBe(false);
    expect(rig.changes.at(-1)).toMatchObject({ answers: false, reason: 'lag' });
    await rig.outsider.set('k:1', 'new');
    await until(async () => (await redis.get('k:1')) === 'new');
    await until(() => rig.row(home)?.state === 'standby');
    // Or it was given up, where the machine was too busy for its answers to come in time.
    const reason = expect.stringMatching(/^(deposed|lost)$/) as unknown;
    expect(rig.flushes).toContainEqual(expect.objectContaining({ reason }));
    const reads = rig.row(home)?.replicaReads;
    redis.near.clear();
    expect(await redis.get('k:1')).toBe('new');
    expect(rig.row(home)?.replicaReads).toBe(reads);
    link.heal();
    await until(() => rig.answers(home), 10_000);
    expect(rig.changes.at(-1)).toMatchObject({ answers: true, reason: 'fit' });
    await rig.covered();
    redis.near.clear();
    expect(await redis.get('k:1')).toBe('new');
    expect(rig.row(home)?.replicaReads).toBe((reads ?? 0) + 1);
  });
});

test('what a replica said that is held behind ends with the lease, and no new value is kept from it', async () => {
  await using rig = await ReplicaRig.start(bed, {
    maxStaleness: 500,
    routing: { reads: 'replicas', maxLag: 200 },
  });
  const home = await rig.home('k:1');
  expect(await rig.redis.get('k:1')).toBe('home');
  await rig.stall(home);
  const written = performance.now();
  await rig.outsider.set('k:1', 'new');
  await until(async () => (await rig.redis.get('k:1')) === 'new');
  expect(performance.now() - written).toBeLessThan(1_500);
  for (let read = 0; read < 20; read++) {
    rig.redis.near.clear();
    expect(await rig.redis.get('k:1')).toBe('new');
  }
});

test('a replica whose link is down is left out at its next heartbeat, however much lag is tolerated', async () => {
  const replicas = bed.replicas.map(({ url }) => single(6, url));
  const routing = { reads: 'replicas', maxLag: 20_000, replicas } as const;
  await using rig = await ReplicaRig.start(bed, { maxStaleness: 60_000, routing });
  const home = await rig.home('k:1');
  bed.link(home).refuse();
  await until(() => !rig.answers(home));
  expect(rig.row(home)).toMatchObject({ state: 'armed', lag: null });
  await rig.outsider.set('k:1', 'new');
  rig.redis.near.clear();
  await until(async () => (await rig.redis.get('k:1')) === 'new');
});

test('a replica that discovery no longer finds is gone, and is found again', async () => {
  await using rig = await ReplicaRig.start(bed);
  const home = await rig.home('k:1');
  bed.link(home).refuse();
  await until(() => rig.row(home) === undefined, 10_000);
  expect(rig.changes).toContainEqual(expect.objectContaining({ answers: false, reason: 'gone' }));
  const name = `127.0.0.1:${home.port}`;
  expect(rig.changes.at(-1)).toMatchObject({ node: name, primary: `127.0.0.1:${bed.primary.port}` });
  await rig.outsider.set('k:1', 'new');
  await until(async () => (await rig.redis.get('k:1')) === 'new');
  bed.link(home).heal();
  await rig.answering(2);
  expect(await rig.redis.get('k:1')).toBe('new');
});

test('a replica answers while its lag stays under maxLag, and not beyond', async () => {
  await using rig = await ReplicaRig.start(bed, { routing: { reads: 'replicas', maxLag: 400 } });
  const home = await rig.home('k:1');
  const link = await rig.stall(home);
  await rig.outsider.set('k:1', 'new');
  rig.redis.near.clear();
  expect(await rig.redis.get('k:1')).toBe('home');
  await until(() => !rig.answers(home));
  const lag = rig.row(home)?.lag ?? 0;
  expect(lag).toBeGreaterThan(400);
  expect(lag).toBeLessThan(2_000);
  rig.redis.near.clear();
  expect(await rig.redis.get('k:1')).toBe('new');
  link.release('down');
  await until(() => rig.answers(home));
});

test('a primary without writes makes nobody lag', async () => {
  await using rig = await ReplicaRig.start(bed, { routing: { reads: 'replicas', maxLag: 200 } });
  const { changes } = rig;
  const known = changes.length;
  const end = performance.now() + 1_000;
  await until(() => performance.now() > end);
  expect(changes.slice(known)).toEqual([]);
});

test('a read that waits for a proof does not have a lagging replica asked without end', async () => {
  await using rig = await ReplicaRig.start(bed, {
    heartbeat: 100,
    routing: { reads: 'replicas', maxLag: 3_000 },
  });
  const home = await rig.home('k:1');
  await rig.stall(home);
  expect(await rig.redis.get('k:1')).toBe('home');
  for (const node of [home, bed.primary]) await node.command('CONFIG', 'RESETSTAT');
  await rig.outsider.set('other', 'written');
  // What is held may be older than what a raw command tells.
  await rig.redis.sendCommand(['GET', 'k:1']);
  await rig.redis.get('k:1');
  const end = performance.now() + 500;
  await until(() => performance.now() > end);
  expect(await calls(home, 'ping')).toBeLessThan(40);
  expect(await calls(bed.primary, 'ping')).toBeLessThan(40);
});
