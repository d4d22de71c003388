// Replicas that are held behind: what they say in between is cached like anything else, and goes when they hear the news.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { chance, MAJORS, newSeed, ReplicaRig } from '../../support/replica-rig.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start();
});
afterAll(() => bed.stop());

describe.each(MAJORS)('a client of v%i', (major) => {
  test('an old value that a replica hands out after the push of its primary goes with the push of its own', async () => {
    await using rig = await ReplicaRig.start(bed, { major });
    const key = 'k:1';
    const home = await rig.home(key);
    const link = await rig.stall(home);
    const before = rig.redis.near.stats().prefixes['k:']?.invalidations ?? 0;
    await rig.outsider.set(key, 'new');
    // The primary's push, and that of the other replica.
    await until(() => rig.redis.near.stats().prefixes['k:']?.invalidations === before + 2);
    expect(await rig.redis.get(key)).toBe('home');
    expect(rig.redis.near.peek(key)).toBe('home');
    link.release('down');
    await until(() => rig.redis.near.peek(key) === undefined);
    expect(await rig.redis.get(key)).toBe('new');
  });
});

test('after a thousand rounds of random stalls no old value is stuck', async () => {
  const random = chance(newSeed('stalls'));
  const pick = (below: number): number => Math.floor(random() * below);
  await using rig = await ReplicaRig.start(bed, { routing: { reads: 'replicas', maxLag: 3_000 } });
  const { redis } = rig;
  const keys = Array.from({ length: 8 }, (_, at) => `k:${at}`);
  const written = new Map<string, string>();
  let stale = 0;
  for (let round = 0; round < 1_000; round++) {
    for (const replica of bed.replicas) {
      const link = bed.link(replica);
      if (pick(4) === 0) link.hold('down');
      else if (pick(2) === 0) link.release('down');
    }
    const key = keys[pick(keys.length)] ?? '';
    const write = pick(3) === 0 ? redis.set(key, `${round}`) : rig.outsider.set(key, `${round}`);
    const seen = await Promise.all(keys.map((each) => redis.get(each)));
    await write;
    written.set(key, `${round}`);
    stale += keys.filter((each, at) => each !== key && seen[at] !== (written.get(each) ?? seen[at])).length;
    if (round % 100 !== 99) continue;
    for (const replica of bed.replicas) bed.link(replica).release('down');
    await bed.caughtUp();
    const right = (): boolean =>
      keys.every((each) => [undefined, written.get(each)].includes(redis.near.peek(each) ?? undefined));
    await until(right, 2_000, 'what is held to be what was written');
  }
  // The stalls must have been felt, or this proves nothing.
  expect(stale).toBeGreaterThan(0);
});
