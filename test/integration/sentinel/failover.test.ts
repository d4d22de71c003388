// A failover under load: wrapped sentinels of both majors read, write and serve again, as fresh as they promise.

import type { NearCacheOptions } from 'redis-near-cache';
import { expect, test } from 'vitest';
import { SentinelBed } from '../../support/beds/sentinel-bed.js';
import type { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/until.js';
import { LOST, Load } from './load.js';
import { bare, MAJORS, makeRig } from './sentinel-rig.js';

const MAX_STALENESS = 1_500;

async function failsOver(
  over: (bed: SentinelBed) => Promise<RedisServer>,
  near: Partial<NearCacheOptions> = {},
  client: object = {},
): Promise<void> {
  await using bed = await SentinelBed.start();
  const options = { maxStaleness: MAX_STALENESS, ...near };
  const rigs = await Promise.all(MAJORS.map((major) => makeRig(major, bed, options, client)));
  const [writer, ...plain] = [6, ...MAJORS].map((major) => bare(major as 5 | 6, bed));
  const states: string[] = [];
  for (const { redis } of rigs) redis.near.on('state', ({ to }) => states.push(to));
  if (writer === undefined) throw new Error('No writer.');
  await Promise.all([writer, ...plain].map((each) => each.connect()));

  const load = new Load();
  load.writer(writer);
  for (const [at, { redis }] of rigs.entries()) {
    load.reader(`near ${at}`, redis);
    load.knocker(`near ${at}`, redis);
    // What passes the cache may be read from a replica then, as with the bare client.
    if (!('replicaPoolSize' in client)) load.ownWriter(`near ${at}`, redis);
  }
  for (const [at, each] of plain.entries()) {
    load.reader(`bare ${at}`, each);
    load.knocker(`bare ${at}`, each);
    load.ownWriter(`bare ${at}`, each);
  }
  await until(() => rigs.every(({ prefix }) => prefix().hits > 50));
  const primary = await over(bed);
  const hits = rigs.map(({ prefix }) => prefix().hits);
  await until(() => rigs.every(({ prefix }, at) => prefix().hits > (hits[at] ?? 0) + 50));
  for (const { redis } of rigs) {
    const tracked = redis.near.stats().tracking.find(({ role }) => role === 'primary');
    expect(tracked).toMatchObject({ node: `127.0.0.1:${primary.port}`, state: 'armed' });
  }
  await load.end();

  for (const [at, { redis }] of rigs.entries()) {
    for (const key of load.keys) {
      const value = await primary.command('GET', key);
      await until(async () => (await redis.get(key)) === value, MAX_STALENESS, `${key} to be ${value}`);
      for (let read = 0; read < 5; read++) expect(await redis.get(key)).toBe(value);
    }
    // Which of the clients is in the middle of a reply when the primary goes is chance.
    const usual = new Set([...(load.errors.get(`bare ${at}`) ?? []), LOST]);
    expect([...(load.errors.get(`near ${at}`) ?? [])].filter((error) => !usual.has(error))).toEqual([]);
  }
  expect(await load.faults(primary, MAX_STALENESS + 100)).toEqual({ stale: [], unseen: [] });
  expect(states).not.toContain('closed');
  for (const { redis } of rigs) redis.near.close();
  for (const client of [writer, ...plain, ...rigs.map(({ raw }) => raw)]) await client.destroy();
}

test('by command', () => failsOver((bed) => bed.failover()));

test('because the primary was killed', () => failsOver((bed) => bed.killPrimary()));

test('with misses that go to replicas', () =>
  failsOver((bed) => bed.failover(), { routing: { reads: 'replicas' } }));

test('with clients that have connections to replicas of their own', () =>
  failsOver((bed) => bed.failover(), {}, { replicaPoolSize: 1 }));
