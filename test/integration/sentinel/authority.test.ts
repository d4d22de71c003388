// Nobody tells a client that its primary was replaced: the old one must stop vouching by its own account, and what
// another node answered is not kept.

import { afterEach, describe, expect, test } from 'vitest';
import { discard } from '../../support/majors.js';
import { single } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { MAJORS, makeRig, useSentinelBed } from './sentinel-rig.js';

const bed = await useSentinelBed();
const primary = await bed.primary();

describe.each(MAJORS)('a sentinel of v%i', (major) => {
  afterEach(async () => {
    await primary.command('REPLICAOF', 'NO', 'ONE');
    for (const sentinel of bed.sentinels) if (!sentinel.responds) sentinel.thaw();
    await bed.settled();
  });

  test('holds nothing of a primary that was demoted behind its back, and serves again when that is undone', async () => {
    await using rig = await makeRig(major, bed, { heartbeat: 100 });
    const { redis } = rig;
    const deposed: unknown[] = [];
    redis.near.on('flush', ({ reason }) => deposed.push(reason));
    await redis.set('k:1', 'a');
    await until(async () => (await redis.get('k:1')) === 'a' && redis.near.peek('k:1') === 'a');
    // Nobody who could put it right.
    for (const sentinel of bed.sentinels) sentinel.freeze();
    const [replica] = await Promise.all(bed.nodes.filter((node) => node !== primary));
    await primary.command('REPLICAOF', '127.0.0.1', `${replica?.port}`);
    await until(() => redis.near.stats().tracking[0]?.state === 'standby');
    expect(deposed).toEqual(['deposed']);
    expect(redis.near.peek('k:1')).toBe(undefined);
    const before = rig.prefix().hits;
    for (let i = 0; i < 10; i++) await redis.get('k:1');
    expect(rig.prefix().hits).toBe(before);
    await primary.command('REPLICAOF', 'NO', 'ONE');
    await until(async () => (await redis.get('k:1')) !== undefined && rig.prefix().hits > before);
  });

  test('keeps no reply of another node than the one that vouches', async () => {
    await using rig = await makeRig(major, bed);
    const { raw, redis } = rig;
    const [other] = await bed.replicas();
    const replica = single(major, other?.url ?? '');
    await replica.connect();
    await redis.set('k:2', 'a');
    await until(async () => (await replica.get('k:2')) === 'a');
    const execute = Reflect.get(raw, '_execute') as object;
    const astray = (_: boolean, use: (client: object) => unknown): unknown => use(replica);
    await until(async () => (await redis.get('k:2')) === 'a' && redis.near.peek('k:2') === 'a');
    redis.near.clear();
    Object.defineProperty(raw, '_execute', { value: astray, configurable: true });
    for (let i = 0; i < 3; i++) expect(await redis.get('k:2')).toBe('a');
    expect(await redis.mGet(['k:2', 'k:3'])).toEqual(['a', null]);
    expect(redis.near.stats().entries).toBe(0);
    Object.defineProperty(raw, '_execute', { value: execute, configurable: true });
    await until(async () => (await redis.get('k:2')) === 'a' && redis.near.peek('k:2') === 'a');
    await discard(replica);
  });
});
