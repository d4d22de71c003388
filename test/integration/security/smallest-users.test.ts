// The smallest users, for each topology: with these rights the cache serves, and each of them is missed when it is taken
// away. docs/security.md lists them.

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Near } from '../../support/client.js';
import { discard, wrap } from '../../support/majors.js';
import type { Major } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { grant, type Site, TOPOLOGIES, type Topology } from './acl-rig.js';

const DATA = { username: 'shop', password: 'of the shop' };
const TRACKER = { username: 'shop-tracking', password: 'of its ears' };
const KEYS = ['~k:*', '+get'];

let site: Site;
let redis: Near | undefined;
const codes: string[] = [];
afterEach(async () => {
  redis?.near.close();
  if (redis !== undefined) await discard(redis).catch(() => {});
  redis = undefined;
});

async function start(major: Major, { routing }: Topology): Promise<Near> {
  codes.length = 0;
  redis = wrap(site.client(major, DATA), {
    prefixes: ['k:'],
    heartbeat: 30,
    routing,
    tracking: TRACKER,
  });
  redis.near.on('error', ({ code }) => codes.push(code));
  await redis.connect();
  return redis;
}

function states({ near }: Near): string[] {
  return near.stats().tracking.map(({ role, state }) => `${role} ${state}`);
}

async function expectServing(near: Near, topology: Topology): Promise<void> {
  const roles = topology.routing.reads === 'replicas' ? ['primary', 'replica'] : ['primary'];
  const serves = async (): Promise<boolean> => {
    const held = await Promise.all(
      ['k:1', 'k:2', 'k:3', 'k:4'].map(async (key) => (await near.get(key)) === near.near.peek(key)),
    );
    return held.every(Boolean) && roles.every((role) => states(near).includes(`${role} armed`));
  };
  await until(serves, 15_000, `every key to be held, at ${roles.join(' and ')}`);
}

describe.each(TOPOLOGIES.map((each) => [each.name, each] as const))('%s', (_, topology) => {
  const { needs, likes, dataNeeds, majors } = topology;
  beforeAll(async () => {
    site = await topology.start();
  }, 60_000);
  afterAll(() => site.stop());

  test.each(majors)('all of these rights are enough, no keys among them (v%i)', async (major) => {
    await grant(site, DATA, ...KEYS, ...dataNeeds);
    await grant(site, TRACKER, ...needs, ...likes);
    await expectServing(await start(major, topology), topology);
    expect(codes).toEqual([]);
  });

  test.each(needs)('without %s it is refused, and reads go to Redis', async (right) => {
    await grant(site, DATA, ...KEYS, ...dataNeeds);
    await grant(site, TRACKER, ...needs.filter((each) => each !== right), ...likes);
    const near = await start(6, topology);
    await expect(near.near.ready()).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_DENIED' });
    expect(await near.get('k:1')).toBeNull();
    expect(near.near.peek('k:1')).toBeUndefined();
    expect(near.near.state).toBe('bypass');
    expect(codes).toContain('ERR_NEAR_TRACKING_DENIED');
    expect(states(near).filter((state) => /armed/.test(state))).toEqual([]);
  });

  test.each(likes)('without %s it serves, and a demotion is seen later', async (right) => {
    await grant(site, DATA, ...KEYS, ...dataNeeds);
    await grant(site, TRACKER, ...needs, ...likes.filter((each) => each !== right));
    await expectServing(await start(6, topology), topology);
    expect(codes).toEqual([]);
  });

  test.each(needs)('%s taken away while it serves is noticed with a heartbeat', async (right) => {
    // Asked once per connection: pushes go on without it.
    if (right === '+client|tracking') return expect(await isMissedLater(topology, right)).toBe(false);
    expect(await isMissedLater(topology, right)).toBe(true);
  });

  test('without +pttl the data user stores nothing, and is told so once', async () => {
    await grant(site, DATA, ...KEYS, ...dataNeeds.filter((right) => right !== '+pttl'));
    await grant(site, TRACKER, ...needs, ...likes);
    const near = await start(6, topology);
    await near.near.ready();
    await until(async () => {
      await near.get('k:1');
      return codes.includes('ERR_NEAR_FAULT');
    });
    expect(near.near.peek('k:1')).toBeUndefined();
    expect(near.near.state).toBe('serving');
  });

  test.each(dataNeeds.filter((right) => right === '+cluster|slots'))(
    'without %s the client itself fails',
    async () => {
      await grant(site, DATA, ...KEYS, ...dataNeeds.filter((right) => right !== '+cluster|slots'));
      await expect(start(6, topology)).rejects.toThrow();
    },
  );

  test.each(dataNeeds.filter((right) => right === '+readonly'))(
    'without %s replicas answer nothing',
    async () => {
      await grant(site, DATA, ...KEYS, ...dataNeeds.filter((right) => right !== '+readonly'));
      await grant(site, TRACKER, ...needs, ...likes);
      const near = await start(6, topology);
      await until(() => states(near).filter((state) => state === 'replica armed').length === 2, 15_000);
      for (let at = 0; at < 50; at++) expect(await near.get(`k:${at}`)).toBeNull();
      expect(near.near.stats().tracking.map(({ replicaReads }) => replicaReads)).toEqual([0, 0, 0, 0]);
    },
  );
});

/** @returns whether the cache leaves its sessions because of it */
async function isMissedLater(topology: Topology, right: string): Promise<boolean> {
  const { needs, likes, dataNeeds } = topology;
  await grant(site, DATA, ...KEYS, ...dataNeeds);
  await grant(site, TRACKER, ...needs, ...likes);
  const near = await start(6, topology);
  await expectServing(near, topology);
  for (const server of site.servers)
    await server.command('ACL', 'SETUSER', TRACKER.username, right.replace('+', '-'));
  const { rtt } = near.near.stats().tracking[0] ?? {};
  const isRefused = (): boolean => states(near).every((state) => / refused$/.test(state));
  if (right !== '+client|tracking') {
    await until(isRefused, 10_000, 'all sessions to be refused');
    expect(near.near.peek('k:1')).toBeUndefined();
    return true;
  }
  // Some heartbeats later.
  await until(() => near.near.stats().tracking[0]?.rtt !== rtt);
  for (let beats = 0; beats < 3; beats++) {
    const before = near.near.stats().tracking[0]?.rtt;
    await until(() => near.near.stats().tracking[0]?.rtt !== before);
  }
  await expectServing(near, topology);
  return false;
}

test('docs/security.md lists these rights', () => {
  const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  const inCode = (rights: readonly string[]): string => `\`${rights.join(' ').replaceAll('|', '\\|')}\``;
  for (const { name, needs, likes, dataNeeds } of TOPOLOGIES) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${name} |`));
    expect(row, name).toContain(inCode([...needs, ...likes]));
    expect(row, name).toContain(inCode(dataNeeds));
  }
});
