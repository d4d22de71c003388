// More invalidations than a busy consumer can take: the cache may lose its session, never its memory, and in the end every
// value is that of Redis.

import { describe, expect, test } from 'vitest';
import { chance, newSeed } from '../../support/replica-rig.js';
import { blockEventLoop } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { makeHostileRig } from './hostile-rig.js';

const MB = 2 ** 20;
const KEYS = 50_000;
/** Of these, read during the storm. */
const READ = 500;
/** Written in one turn of the server, so that the pushes of one turn are the most that a consumer gets at once. */
const PER_SCRIPT = 2_500;
const SCRIPTS = 20;

const server = await useServer();

/** Writes so many keys of the storm, from one on, each with the number of the round. */
const WRITE = `for i = 0, tonumber(ARGV[2]) - 1 do
  redis.call('SET', 'k:s:' .. ((tonumber(ARGV[1]) + i) % ${KEYS}), ARGV[3])
end
return redis.status_reply('OK')`;

describe.each([
  ['that outlives every stall', { heartbeat: 200, maxStaleness: 10_000 }],
  ['that every stall outlives', { heartbeat: 20, maxStaleness: 60 }],
])('with a lease %s', (_, lease) => {
  test('a storm of invalidations on a consumer that stalls leaves no stuck value and no memory behind', async () => {
    const random = chance(newSeed('storm'));
    await using rig = await makeHostileRig(server, {
      ...lease,
      maxEntries: 5_000,
      tracking: { url: server.url },
    });
    await rig.begin();
    await rig.serving();
    const { redis, outsider } = rig;
    const keyOf = (): string => `k:s:${Math.floor(random() * READ)}`;
    const before = measure();
    let most = 0;
    let writes = 0;
    const began = performance.now();
    const seen = new Map<string, number>();
    for (let round = 1; performance.now() - began < 2_000; round++) {
      const storm = Array.from({ length: SCRIPTS }, (_, at) =>
        outsider.eval(WRITE, { keys: [], arguments: [`${at * PER_SCRIPT}`, `${PER_SCRIPT}`, `${round}`] }),
      );
      writes += SCRIPTS * PER_SCRIPT;
      for (let slice = 0; slice < 3; slice++) {
        const keys = Array.from({ length: 50 }, keyOf);
        const values = await Promise.all(keys.map((key) => redis.get(key)));
        for (const [at, key] of keys.entries()) {
          const value = Number(values[at]);
          expect(value, `${key} goes back in time`).toBeGreaterThanOrEqual(seen.get(key) ?? 0);
          seen.set(key, value);
        }
        blockEventLoop(20 + random() * 80);
        most = Math.max(most, process.memoryUsage.rss() - before.rss);
      }
      await Promise.all(storm);
    }
    const seconds = (performance.now() - began) / 1_000;
    // Once the push of a later write is there, so are those of the storm.
    await rig.serving();
    await rig.hold('k:marker');
    const keys = Array.from({ length: KEYS }, (_, at) => `k:s:${at}`);
    const honest = await outsider.mGet(keys);
    const stuck = keys.filter((key, at) => ![undefined, honest[at]].includes(redis.near.peek(key)));
    expect(stuck).toEqual([]);
    expect((await redis.mGet(keys)).filter((value, at) => value !== honest[at])).toEqual([]);
    const last = keys.slice(-1_000);
    await until(async () => {
      await redis.mGet(last);
      return last.every((key) => redis.near.peek(key) !== undefined);
    });
    expect(last.map((key) => redis.near.peek(key))).toEqual(honest.slice(-1_000));
    const { entries, tracking } = redis.near.stats();
    expect(entries).toBeLessThanOrEqual(5_000);
    await rig.expectNothingWrong();
    const kept = measure().heap - before.heap;
    process.stdout.write(
      `${Math.round(writes / seconds / 1_000)} k writes/s, ${tracking[0]?.invalidations} invalidations, ` +
        `${tracking[0]?.reconnects} sessions more, memory rose by ${Math.round(most / MB)} MB, heap kept ${(kept / MB).toFixed(1)} MB\n`,
    );
    expect(most).toBeLessThan(256 * MB);
    expect(kept).toBeLessThan(16 * MB);
  });
});

function measure(): { readonly rss: number; readonly heap: number } {
  if (global.gc === undefined) throw new Error('Memory is measured with --expose-gc.');
  global.gc();
  const { heapUsed, rss } = process.memoryUsage();
  return { rss, heap: heapUsed };
}
