// The exporters on a real server: their numbers are those of stats(), several near caches live side by side, series go
// away when they should, and no key is ever shown.

import { register as globalRegistry, Registry } from 'prom-client';
import type { PrefixStats } from 'redis-near-cache';
import { observeNearCache } from 'redis-near-cache/opentelemetry';
import { collectNearCache } from 'redis-near-cache/prometheus';
import { expect, test } from 'vitest';
import { ofOpenTelemetry, seriesOf } from '../support/exported.js';
import { makeRig, type Rig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();

const OF_PREFIX = {
  hits: 'hits_total',
  misses: 'misses_total',
  coalesced: 'coalesced_total',
  bypassed: 'bypassed_total',
  fills: 'fills_total',
  discardedFills: 'discarded_fills_total',
  invalidations: 'invalidations_total',
  wastedInvalidations: 'wasted_invalidations_total',
  evictions: 'evictions_total',
  entries: 'entries',
} satisfies Partial<Record<keyof PrefixStats, string>>;

/** Something of everything: hits, misses, reads that join, evictions, invalidations, wasted ones. */
async function use({ redis, outsider, prefix }: Rig): Promise<void> {
  for (const id of [1, 2, 3, 3, 4]) await redis.get(`k:secret-${id}`);
  await Promise.all([redis.get('k:secret-5'), redis.get('k:secret-5')]);
  await outsider.mSet({ 'k:secret-5': 'hidden', 'k:secret-none': 'hidden' });
  await until(() => prefix().invalidations === 2);
  await redis.mGet(['k:secret-5', 'k:secret-6']);
  await until(() => redis.near.stats().tracking[0]?.rtt !== null);
}

test('load times: a histogram in both, by the prefix of the loader', async () => {
  await using rig = await makeRig(server);
  const register = new Registry();
  collectNearCache(rig.redis.near, { register });
  const loader = rig.redis.near.loader<string>({ prefix: 'k:', ttl: 60_000, load: () => 'value' });
  const points = await ofOpenTelemetry(
    (meterProvider) => observeNearCache(rig.redis.near, { meterProvider }),
    () => loader.getMany(['secret-1', 'secret-2']),
  );
  const loadTimes = points.find(({ name }) => name === 'redis.near_cache.load.duration');
  expect(loadTimes).toMatchObject({
    unit: 's',
    attributes: { 'redis.near_cache.prefix': 'k:' },
    value: { count: 2 },
  });
  const text = await register.metrics();
  expect(text).toContain(
    'redis_near_cache_load_duration_seconds_bucket{le="+Inf",cache="default",prefix="k:"} 2',
  );
  expect(text).toContain('redis_near_cache_load_duration_seconds_count{cache="default",prefix="k:"} 2');
  expect(text).toContain('redis_near_cache_loads_total{cache="default",prefix="k:"} 2');
  expect(text).not.toContain('secret');
  expect(JSON.stringify(points)).not.toContain('secret');
  const series = await seriesOf(register, 'redis_near_cache_load_duration_seconds');
  const buckets = series.filter(({ labels }) => typeof labels.le === 'number').map(({ value }) => value);
  expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
  expect(buckets.at(-1)).toBe(2);
});

const SMALL = { maxEntries: 3, prefixes: ['k:', 'other:'] };

test('prometheus: every series has the value that stats() has', async () => {
  await using rig = await makeRig(server, SMALL);
  const register = new Registry();
  collectNearCache(rig.redis.near, { register });
  await use(rig);
  const stats = rig.redis.near.stats();
  expect(stats.prefixes['k:']).toMatchObject({ hits: 1, coalesced: 1, invalidations: 2 });
  expect(stats.evictions).toBeGreaterThan(0);

  for (const [field, name] of Object.entries(OF_PREFIX)) {
    const series = await seriesOf(register, `redis_near_cache_${name}`);
    const expected = Object.entries(stats.prefixes).map(([prefix, of]) => ({
      labels: { cache: 'default', prefix },
      value: of[field as keyof PrefixStats],
    }));
    expect(series, name).toEqual(expected);
  }
  const one = async (name: string) => (await seriesOf(register, `redis_near_cache_${name}`))[0]?.value;
  expect(await one('max_entries')).toBe(3);
  expect(await one('size_bytes')).toBe(stats.bytes);
  expect(await one('max_size_bytes')).toBe(stats.maxBytes);
  expect(await one('flushes_total')).toBe(stats.flushes);

  const [row] = stats.tracking;
  const node = { cache: 'default', node: `127.0.0.1:${rig.tracking.port}`, role: 'primary' };
  expect(await seriesOf(register, 'redis_near_cache_tracking_up')).toEqual([{ labels: node, value: 1 }]);
  expect(await one('tracking_invalidations_total')).toBe(row?.invalidations);
  expect(await one('tracking_reconnects_total')).toBe(0);
  expect(await one('tracking_rtt_seconds')).toBeLessThan(5);
  expect(await one('tracking_lease_remaining_seconds')).toBeGreaterThan(0);
  expect(await one('tracking_lease_remaining_seconds')).toBeLessThanOrEqual(5);
});

test('prometheus: a scrape is valid text, twice the same, and shows neither keys nor values', async () => {
  await using rig = await makeRig(server, { ...SMALL, heartbeat: 1_000_000, maxStaleness: 3_000_000 });
  const register = new Registry();
  collectNearCache(rig.redis.near, { register });
  await use(rig);
  const steady = (text: string) => text.replace(/^redis_near_cache_tracking_(lease|rtt).*$/gm, '');
  const first = await register.metrics();
  expect(steady(await register.metrics())).toBe(steady(first));
  expect(first).toContain('# TYPE redis_near_cache_hits_total counter\n');
  expect(first).toContain('\nredis_near_cache_hits_total{cache="default",prefix="k:"} 1\n');
  expect(first).not.toMatch(/secret|hidden/);

  register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  const open = await register.metrics();
  expect(open).toContain('# TYPE redis_near_cache_hits counter\n');
  expect(open).toContain('\nredis_near_cache_hits_total{cache="default",prefix="k:"} 1\n');
});

test('prometheus: the state is one of four, and what was not served adds up in seconds', async () => {
  await using rig = await makeRig(server);
  const register = new Registry();
  collectNearCache(rig.redis.near, { register });
  const state = async () => {
    const series = await seriesOf(register, 'redis_near_cache_state');
    expect(series.map(({ labels }) => labels.state)).toEqual(['connecting', 'serving', 'bypass', 'closed']);
    return series.filter(({ value }) => value === 1).map(({ labels }) => labels.state);
  };
  const bypass = async () =>
    (await seriesOf(register, 'redis_near_cache_bypass_seconds_total'))[0]?.value ?? 0;
  expect(await state()).toEqual(['serving']);
  expect(await bypass()).toBe(0);

  rig.tracking.refuse();
  rig.tracking.cut();
  await until(() => rig.redis.near.state === 'bypass');
  expect(await state()).toEqual(['bypass']);
  await until(async () => (await bypass()) > 0.05);
  expect((await seriesOf(register, 'redis_near_cache_tracking_up'))[0]?.value).toBe(0);

  rig.tracking.heal();
  await rig.serving();
  const served = await bypass();
  expect(served).toBeLessThan(30);
  expect(await bypass()).toBe(served);
  expect((await seriesOf(register, 'redis_near_cache_tracking_reconnects_total'))[0]?.value).toBe(1);

  rig.redis.near.close();
  expect(await state()).toEqual(['closed']);
});

test('prometheus: several near caches share a registry, under names of their own', async () => {
  await using one = await makeRig(server);
  await using two = await makeRig(server, { prefixes: ['k:', 'l:'] });
  const register = new Registry();
  const first = collectNearCache(one.redis.near, { register, name: 'one' });
  const second = collectNearCache(two.redis.near, { register, name: 'two' });
  expect(() => collectNearCache(two.redis.near, { register, name: 'one' })).toThrow(
    expect.objectContaining({ code: 'ERR_NEAR_OPTION' }),
  );
  await two.redis.get('k:1');
  await two.redis.get('k:1');
  const hits = () => seriesOf(register, 'redis_near_cache_hits_total');
  const series = (cache: string, prefix: string, value: number) => ({ labels: { cache, prefix }, value });
  expect(await hits()).toEqual([series('one', 'k:', 0), series('two', 'k:', 1), series('two', 'l:', 0)]);

  first.stop();
  first.stop();
  expect(await hits()).toEqual([series('two', 'k:', 1), series('two', 'l:', 0)]);
  expect(one.redis.near.listenerCount('state')).toBe(0);
  second.stop();
  expect(await register.metrics()).toBe('\n');

  const before = collectNearCache(one.redis.near, { register, name: 'one' });
  expect(await hits()).toEqual([series('one', 'k:', 0)]);
  register.clear();
  collectNearCache(two.redis.near, { register, name: 'one' });
  before.stop();
  expect(await hits()).toEqual([series('one', 'k:', 1), series('one', 'l:', 0)]);
});

test('prometheus: without a registry the global one is used, and left as it was', async () => {
  await using rig = await makeRig(server);
  const before = globalRegistry.getMetricsAsArray().length;
  const collection = collectNearCache(rig.redis.near);
  expect(await globalRegistry.metrics()).toContain(
    'redis_near_cache_hits_total{cache="default",prefix="k:"} 0\n',
  );
  collection.stop();
  expect(globalRegistry.getMetricsAsArray()).toHaveLength(before);
});

test('prometheus: a prefix that is unregistered takes its series along; anew, it counts from zero', async () => {
  await using rig = await makeRig(server, { prefixes: ['k:', 'l:'] });
  const register = new Registry();
  collectNearCache(rig.redis.near, { register });
  for (let read = 0; read < 3; read++) await rig.redis.get('l:1');
  const ofL = async () => {
    const series = await seriesOf(register, 'redis_near_cache_hits_total');
    return series.filter(({ labels }) => labels.prefix === 'l:').map(({ value }) => value);
  };
  expect(await ofL()).toEqual([2]);
  await rig.redis.near.unregister('l:');
  expect(await ofL()).toEqual([]);
  await rig.redis.near.register('l:');
  expect(await ofL()).toEqual([0]);
});

test('opentelemetry: every point has the value that stats() has, and no key', async () => {
  await using rig = await makeRig(server, SMALL);
  await use(rig);
  const points = await ofOpenTelemetry((meterProvider) =>
    observeNearCache(rig.redis.near, { meterProvider, name: 'mine' }),
  );
  const stats = rig.redis.near.stats();
  const value = (name: string, attributes: Record<string, unknown> = {}) => {
    const found = points.filter(
      (point) =>
        point.name === name &&
        Object.entries({ 'redis.near_cache.name': 'mine', ...attributes }).every(
          ([key, expected]) => point.attributes[key] === expected,
        ),
    );
    expect(found, `${name} ${JSON.stringify(attributes)}`).toHaveLength(1);
    return found[0]?.value;
  };

  for (const [prefix, of] of Object.entries(stats.prefixes)) {
    const under = { 'redis.near_cache.prefix': prefix };
    const result = (name: string) =>
      value('redis.near_cache.requests', { ...under, 'redis.near_cache.result': name });
    expect(result('hit')).toBe(of.hits);
    expect(result('miss')).toBe(of.misses);
    expect(result('coalesced')).toBe(of.coalesced);
    expect(result('bypassed')).toBe(of.bypassed);
    expect(value('redis.near_cache.fills', under)).toBe(of.fills);
    expect(value('redis.near_cache.discarded_fills', under)).toBe(of.discardedFills);
    expect(value('redis.near_cache.invalidations', under)).toBe(of.invalidations);
    expect(value('redis.near_cache.wasted_invalidations', under)).toBe(of.wastedInvalidations);
    expect(value('redis.near_cache.evictions', under)).toBe(of.evictions);
    expect(value('redis.near_cache.entry.count', under)).toBe(of.entries);
  }
  expect(value('redis.near_cache.entry.limit')).toBe(3);
  expect(value('redis.near_cache.memory.usage')).toBe(stats.bytes);
  expect(value('redis.near_cache.memory.limit')).toBe(stats.maxBytes);
  expect(value('redis.near_cache.flushes')).toBe(stats.flushes);
  expect(value('redis.near_cache.status', { 'redis.near_cache.state': 'serving' })).toBe(1);
  expect(value('redis.near_cache.status', { 'redis.near_cache.state': 'bypass' })).toBe(0);
  expect(value('redis.near_cache.bypass.time')).toBe(0);
  const node = {
    'server.address': '127.0.0.1',
    'server.port': rig.tracking.port,
    'redis.near_cache.tracking.role': 'primary',
  };
  expect(value('redis.near_cache.tracking.up', node)).toBe(1);
  expect(value('redis.near_cache.tracking.reconnects', node)).toBe(0);
  expect(value('redis.near_cache.tracking.invalidations', node)).toBe(stats.tracking[0]?.invalidations);
  expect(value('redis.near_cache.tracking.rtt', node)).toBeLessThan(5);
  expect(value('redis.near_cache.tracking.lease.remaining', node)).toBeLessThanOrEqual(5);
  expect(JSON.stringify(points)).not.toMatch(/secret|hidden/);
});

test('opentelemetry: several near caches share a provider; one that is stopped is not observed any more', async () => {
  await using one = await makeRig(server);
  await using two = await makeRig(server);
  await two.redis.get('k:1');
  await two.redis.get('k:1');
  const points = await ofOpenTelemetry((meterProvider) => {
    observeNearCache(one.redis.near, { meterProvider, name: 'one' });
    observeNearCache(two.redis.near, { meterProvider, name: 'two' });
    const third = observeNearCache(two.redis.near, { meterProvider, name: 'three' });
    third.stop();
    third.stop();
  });
  const hits = points
    .filter(({ attributes }) => attributes['redis.near_cache.result'] === 'hit')
    .map(({ attributes, value }) => [attributes['redis.near_cache.name'], value]);
  expect(hits).toEqual([
    ['one', 0],
    ['two', 1],
  ]);
  expect(two.redis.near.listenerCount('state')).toBe(1);
});
