// The test beds keep what they promise to the tests that stand on them, and leave nothing behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createCluster, createSentinel } from '@redis/client';
import { hashSlot } from 'redis-near-cache';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterBed } from '../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../support/beds/replicated-bed.js';
import { SentinelBed } from '../support/beds/sentinel-bed.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new Error('An empty list.');
  return item;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function stopsWithoutTrace(bed: { stop(): Promise<void> }, servers: readonly RedisServer[]) {
  const pids = servers.filter(({ isRunning }) => isRunning).map(({ pid }) => pid);
  expect(pids.length).toBeGreaterThan(2);
  await bed.stop();
  expect(pids.filter(isAlive)).toEqual([]);
  expect(servers.filter(({ dir }) => existsSync(dir))).toEqual([]);
}

describe('a bed of replicas', () => {
  let bed: ReplicatedBed;
  beforeAll(async () => {
    bed = await ReplicatedBed.start();
  });
  afterAll(() => stopsWithoutTrace(bed, bed.nodes));

  test('replicates, and knows when a write has come everywhere', async () => {
    await bed.primary.command('SET', 'k', '1');
    await bed.caughtUp();
    for (const replica of bed.replicas) expect(await replica.command('GET', 'k')).toBe('1');
  });

  test('lets one replica lag while its link is up, and catch up', async () => {
    const lagging = first(bed.replicas);
    const others = bed.replicas.slice(1);
    bed.link(lagging).hold('down');
    await bed.primary.command('SET', 'k', '2');
    await bed.caughtUp(...others);
    expect(await lagging.command('GET', 'k')).toBe('1');
    expect(await bed.lag(lagging)).toBeGreaterThan(0);
    expect(await lagging.command('INFO', 'replication')).toContain('master_link_status:up');
    bed.link(lagging).release('down');
    await bed.caughtUp(lagging);
    expect(await lagging.command('GET', 'k')).toBe('2');
  });

  test('lets one replica lose its link and find it again', async () => {
    const alone = first(bed.replicas);
    bed.link(alone).refuse();
    const isDown = async () => `${await alone.command('INFO', 'replication')}`.includes('link_status:down');
    await until(isDown);
    bed.link(alone).heal();
    await bed.linked();
  });

  test('promotes a replica while the primary is frozen; the old one follows when it is back', async () => {
    const old = bed.primary;
    const next = first(bed.replicas);
    old.freeze();
    await bed.promote(next);
    await bed.linked();
    await bed.primary.command('SET', 'k', '3');
    expect(bed.primary).toBe(next);
    await bed.rejoin(old);
    expect(await old.command('GET', 'k')).toBe('3');
  });

  test('takes back a replica that was killed', async () => {
    const lost = first(bed.replicas);
    await lost.kill();
    await bed.linked();
    await lost.launch();
    expect(await lost.command('DBSIZE')).toBe(0);
    await bed.rejoin(lost);
    expect(await lost.command('GET', 'k')).toBe('3');
  });
});

describe('a cluster', () => {
  const key = '{tag}1';
  const slot = hashSlot('tag');
  let bed: ClusterBed;
  beforeAll(async () => {
    bed = await ClusterBed.start();
  });
  afterAll(() =>
    stopsWithoutTrace(
      bed,
      bed.nodes.map(({ server }) => server),
    ),
  );

  test('has three shards of a primary and a replica, and serves a cluster client', async () => {
    const primaries = await bed.primaries();
    expect(primaries).toHaveLength(3);
    for (const primary of primaries) expect(await bed.replicasOf(primary)).toHaveLength(1);
    const client = createCluster({ rootNodes: bed.rootNodes });
    await client.connect();
    for (const name of ['a', 'b', 'c', 'd', key]) await client.set(name, name);
    expect(await client.get(key)).toBe(key);
    await client.close();
  });

  test('moves a slot step by step: ASK on the way, MOVED at the end', async () => {
    const from = await bed.ownerOf(slot);
    const to = first((await bed.primaries()).filter((node) => node !== from));
    const move = await bed.openMove(slot, to);
    expect(await from.server.command('GET', key)).toBe(key);
    await move.moveKey(key);
    await expect(from.server.command('GET', key)).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.server.port}`);
    await move.close();
    await bed.settled();
    await expect(from.server.command('GET', key)).rejects.toThrow(`MOVED ${slot}`);
    expect(await to.server.command('GET', key)).toBe(key);
  });

  test('moves a slot with all its keys at once', async () => {
    const from = await bed.ownerOf(slot);
    const keys = Array.from({ length: 250 }, (_, index) => `{tag}${index}`);
    await from.server.pipeline(keys.map((name) => ['SET', name, name]));
    const to = first((await bed.primaries()).filter((node) => node !== from));
    await bed.moveSlot(slot, to);
    expect(await bed.ownerOf(slot)).toBe(to);
    expect(await to.server.command('CLUSTER', 'COUNTKEYSINSLOT', `${slot}`)).toBe(keys.length);
  });

  test('makes a replica the primary', async () => {
    const old = await bed.ownerOf(slot);
    const next = first(await bed.replicasOf(old));
    await bed.failover(next);
    expect(await bed.ownerOf(slot)).toBe(next);
    expect(await bed.replicasOf(next)).toEqual([old]);
  });

  test('grows by a shard, and loses no key', async () => {
    const added = await bed.addShard();
    expect(await bed.primaries()).toHaveLength(4);
    expect(await bed.replicasOf(added)).toHaveLength(1);
    const owner = await bed.ownerOf(slot);
    expect(await owner.server.command('GET', key)).toBe(key);
  });

  test('survives a primary that is killed, and takes it back as a replica', async () => {
    const old = await bed.ownerOf(slot);
    const next = await bed.kill(old);
    expect(next).not.toBe(old);
    expect(await next.server.command('GET', key)).toBe(key);
    await old.server.launch();
    await bed.settled();
    expect(await bed.replicasOf(next)).toEqual([old]);
  });
});

describe('a bed with sentinels', () => {
  let bed: SentinelBed;
  beforeAll(async () => {
    bed = await SentinelBed.start();
  });
  afterAll(() => stopsWithoutTrace(bed, [...bed.nodes, ...bed.sentinels]));

  test('serves a sentinel client', async () => {
    const { name, sentinelRootNodes } = bed;
    const client = createSentinel({ name, sentinelRootNodes });
    await client.connect();
    await client.set('k', '1');
    expect(await client.get('k')).toBe('1');
    await client.close();
  });

  test('fails over by hand: the old primary follows the new one', async () => {
    const old = await bed.primary();
    const next = await bed.failover();
    expect(next).not.toBe(old);
    expect(await bed.replicas()).toContain(old);
    expect(await old.command('GET', 'k')).toBe('1');
  });

  test('fails over when the primary is killed', async () => {
    const old = await bed.primary();
    const next = await bed.killPrimary();
    expect(next).not.toBe(old);
    await next.command('SET', 'k', '2');
  });
});

describe('a bed by hand', () => {
  const SCRIPT = fileURLToPath(new URL('../support/beds/start.mjs', import.meta.url));

  async function started(): Promise<{ bed: ChildProcess; pids: readonly number[] }> {
    const bed = spawn(process.execPath, [SCRIPT, 'replicas'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let shown = '';
    bed.stdout?.on('data', (chunk) => {
      shown += chunk;
    });
    await until(() => shown.includes('Ctrl-C'), 20_000, 'the bed to be shown');
    const pids = Array.from(shown.matchAll(/:\d+ +│ (\d+)/g), ([, pid]) => Number(pid));
    expect(pids).toHaveLength(3);
    expect(pids.filter(isAlive)).toEqual(pids);
    return { bed, pids };
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('ends with all its servers at %s', async (signal) => {
    const { bed, pids } = await started();
    const ended = once(bed, 'exit');
    bed.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('whose process is killed leaves no server', async () => {
    const { bed, pids } = await started();
    process.kill(pids[0] ?? 0, 'SIGSTOP');
    bed.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
  });
});
