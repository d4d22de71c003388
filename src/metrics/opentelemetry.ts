// Entry point `redis-near-cache/opentelemetry`: the numbers of a near cache as observable instruments. The only file
// that imports @opentelemetry/api, an optional peer.

import {
  type Attributes,
  type BatchObservableResult,
  type Meter,
  type MeterProvider,
  metrics,
  type Observable,
} from '@opentelemetry/api';
import { LOAD_TIME_BOUNDS } from '../load/load-counts.js';
import { METRICS, type Metric, type Point } from './catalog.js';
import { type LoadTeller, type MeasurableCache, MeasuredCache, type MeasuredLoad } from './measured.js';

export type { MeasurableCache } from './measured.js';

/** What `observeNearCache()` takes beside the near cache. */
export interface ObserveOptions {
  /** Whose meter to use. Default: the global one, which has to be set before this is called. */
  readonly meterProvider?: MeterProvider;
  /** Value of the attribute `redis.near_cache.name`, which tells several near caches apart. Default: `'default'`. */
  readonly name?: string;
}

/** What `observeNearCache()` returns. */
export interface NearCacheObservation {
  /** Observes no more. A second call does nothing. */
  stop(): void;
}

/**
 * Observes the numbers of a near cache with a meter named `redis-near-cache`, whenever its reader collects. Units are
 * s, By and annotations as {@link https://opentelemetry.io/docs/specs/semconv/general/metrics/ semantic conventions}
 * have them; attributes are in `redis.near_cache.*`, `server.address` and `server.port`, never a key.
 */
export function observeNearCache(near: MeasurableCache, options: ObserveOptions = {}): NearCacheObservation {
  const { meterProvider = metrics.getMeterProvider(), name = 'default' } = options;
  const meter = meterProvider.getMeter('redis-near-cache');
  const instruments = new Map<string, Observable>();
  for (const metric of METRICS) {
    if (metric.type === 'histogram') continue;
    if (!instruments.has(metric.otel.name))
      instruments.set(metric.otel.name, createInstrument(meter, metric, metric.type));
  }
  const observables = [...instruments.values()];
  const measured = new MeasuredCache(near);

  const observe = (result: BatchObservableResult): void => {
    const reading = measured.read();
    for (const metric of METRICS) {
      const instrument = instruments.get(metric.otel.name);
      if (instrument === undefined) continue;
      for (const { labels, value } of metric.points(reading)) {
        result.observe(instrument, value, attributes(name, metric, labels));
      }
    }
  };
  const recorders = METRICS.filter(({ type }) => type === 'histogram').map((metric) =>
    loadTimes(meter, metric, name),
  );
  const record = (load: MeasuredLoad): void => {
    for (const each of recorders) each(load);
  };
  meter.addBatchObservableCallback(observe, observables);
  // Who has no such event tells nothing.
  const teller = near as unknown as LoadTeller;
  teller.on('load', record);
  return {
    stop() {
      measured.stop();
      teller.off('load', record);
      meter.removeBatchObservableCallback(observe, observables);
    },
  };
}

/** There is no histogram that is observed: each load is recorded when it has ended. */
function loadTimes(meter: Meter, metric: Metric, name: string): (load: MeasuredLoad) => void {
  const { otel, help: description } = metric;
  const histogram = meter.createHistogram(otel.name, {
    unit: otel.unit,
    description,
    advice: { explicitBucketBoundaries: LOAD_TIME_BOUNDS.map((bound) => bound / 1_000) },
  });
  return ({ duration, prefix }) => histogram.record(duration / 1_000, attributes(name, metric, { prefix }));
}

/** What is added up over processes is a counter or an up-down counter, as the conventions want it. */
function createInstrument(
  meter: Meter,
  { otel, help }: Metric,
  type: Exclude<Metric['type'], 'histogram'>,
): Observable {
  const options = { unit: otel.unit, description: otel.result === undefined ? help : 'Keys read, by result' };
  switch (type) {
    case 'counter':
      return meter.createObservableCounter(otel.name, options);
    case 'sum':
      return meter.createObservableUpDownCounter(otel.name, options);
    case 'gauge':
      return meter.createObservableGauge(otel.name, options);
  }
}

function attributes(
  name: string,
  { otel }: Metric,
  { prefix, node, role, state }: Point['labels'],
): Attributes {
  const found: Attributes = { 'redis.near_cache.name': name };
  if (otel.result !== undefined) found['redis.near_cache.result'] = otel.result;
  if (prefix !== undefined) found['redis.near_cache.prefix'] = prefix;
  if (state !== undefined) found['redis.near_cache.state'] = state;
  if (role !== undefined) found['redis.near_cache.tracking.role'] = role;
  if (node !== undefined) {
    const [, host, port] = /^([^/].*):(\d+)$/.exec(node) ?? [];
    found['server.address'] = host ?? node;
    if (port !== undefined) found['server.port'] = Number(port);
  }
  return found;
}
