// A replica that refuses to be tracked: it answers no reads, and nothing else changes.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { discard, wrap } from '../../support/majors.js';
import { single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

let bed: ReplicatedBed;
beforeAll(async () => {
  bed = await ReplicatedBed.start({ replicas: 1 });
});
afterAll(() => bed.stop());

test.each(['error', 'ttl'] as const)(
  "the primary's keys are served as before, with fallback '%s'",
  async (fallback) => {
    const user = ['ACL', 'SETUSER', 'tracker', 'on', '>secret', '+client|tracking', '+ping', '+info'];
    await bed.primary.command(...user);
    const redis = wrap(single(6, bed.primary.url), {
      prefixes: ['k:'],
      fallback,
      tracking: { username: 'tracker', password: 'secret' },
      routing: { reads: 'replicas' },
    });
    const errors: string[] = [];
    redis.near.on('error', ({ code }) => errors.push(code));
    try {
      await redis.connect();
      await until(() =>
        redis.near.stats().tracking.some(({ role, state }) => role === 'replica' && state === 'refused'),
      );
      expect(errors).toEqual(['ERR_NEAR_TRACKING_DENIED']);
      await redis.near.ready();
      await redis.set('k:1', 'value');
      expect(await redis.get('k:1')).toBe('value');
      await bed.primary.command('SET', 'k:1', 'other');
      await until(async () => (await redis.get('k:1')) === 'other');
      expect(redis.near.peek('k:1')).toBe('other');
      // Under `'ttl'` nothing would be invalidated.
      expect(redis.near.stats().prefixes['k:']?.invalidations).toBeGreaterThan(0);
      expect(redis.near.stats().tracking.map(({ answers }) => answers)).toEqual([true, false]);
    } finally {
      await discard(redis);
    }
  },
);
