// Metrics of replicas: in seconds, and of replicas only.

import { Registry } from 'prom-client';
import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { collectNearCache } from 'redis-near-cache/prometheus';
import { expect, test } from 'vitest';
import { seriesOf } from '../support/exported.js';

test('replicas have lag, answers and reads; primaries and a lag that is not known have no series', async () => {
  const { near } = withNearCache(createClient(), { prefixes: ['k:'] });
  const [primary] = near.stats().tracking;
  if (primary === undefined) throw new Error('No primary.');
  const replica = { ...primary, role: 'replica' as const };
  const tracking = [
    primary,
    { ...replica, node: 'a:1', lag: 250, answers: true, replicaReads: 7 },
    { ...replica, node: 'b:1', lag: null, answers: false, replicaReads: 0 },
  ];
  const register = new Registry();
  collectNearCache(
    {
      stats: () => ({ ...near.stats(), tracking }),
      on: (event, listener) => near.on(event, listener),
      off: (event, listener) => near.off(event, listener),
    },
    { register },
  );
  const values = async (name: string) =>
    Object.fromEntries((await seriesOf(register, name)).map(({ labels, value }) => [labels.node, value]));
  expect(await values('redis_near_cache_replica_lag_seconds')).toEqual({ 'a:1': 0.25 });
  expect(await values('redis_near_cache_replica_answers')).toEqual({ 'a:1': 1, 'b:1': 0 });
  expect(await values('redis_near_cache_replica_reads_total')).toEqual({ 'a:1': 7, 'b:1': 0 });
});
