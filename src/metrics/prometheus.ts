// Entry point `redis-near-cache/prometheus`: the numbers of near caches in a registry of prom-client. The only file
// that imports prom-client, an optional peer.

import {
  Counter,
  Gauge,
  register as globalRegistry,
  Histogram,
  type HistogramConfiguration,
  type OpenMetricsContentType,
  type PrometheusContentType,
  type Registry,
} from 'prom-client';
import { NearCacheError } from '../errors.js';
import { type Distribution, METRICS, type Metric } from './catalog.js';
import { type MeasurableCache, MeasuredCache } from './measured.js';

export type { MeasurableCache } from './measured.js';

/** What `collectNearCache()` takes beside the near cache. */
export interface CollectOptions {
  /** Where the metrics go. Default: prom-client's global registry. */
  readonly register?: Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;
  /** Value of the label `cache`, which tells several near caches of one registry apart. Default: `'default'`. */
  readonly name?: string;
}

/** What `collectNearCache()` returns. */
export interface NearCacheCollection {
  /** Takes the series of this near cache away, and the metrics with the last one. A second call does nothing. */
  stop(): void;
}

/**
 * Puts the numbers of a near cache into a registry: {@link https://prometheus.io/docs/practices/naming/ base units},
 * counters that end in `_total`, labels `cache`, `prefix`, `node`, `role` and `state`, never a key. Nothing is computed
 * before somebody scrapes. A prefix that was unregistered takes its series along; registered anew it starts from zero,
 * which `rate()` and `increase()` take as the counter reset that it is.
 * @throws NearCacheError `ERR_NEAR_OPTION` when the registry has a near cache of that name.
 */
export function collectNearCache(near: MeasurableCache, options: CollectOptions = {}): NearCacheCollection {
  const { register = globalRegistry, name = 'default' } = options;
  const collector = collectorOf(register);
  collector.add(name, near);
  let stopped = false;
  return {
    stop() {
      if (!stopped) collector.remove(name);
      stopped = true;
    },
  };
}

type AnyRegistry = NonNullable<CollectOptions['register']>;

/** By the first of their metrics, so that a registry that was cleared gets a new one. */
const collectors = new WeakMap<object, Collector>();

function collectorOf(registry: AnyRegistry): Collector {
  const [{ name } = { name: '' }] = METRICS;
  const first = registry.getSingleMetric(name);
  return (first && collectors.get(first)) ?? new Collector(registry);
}

/** The metrics of one registry, and the near caches that they speak of. */
class Collector {
  readonly #registry: AnyRegistry;
  readonly #caches = new Map<string, MeasuredCache>();
  /** By the name they were registered under: prom-client renames counters when it writes OpenMetrics. */
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>();

  constructor(registry: AnyRegistry) {
    this.#registry = registry;
    try {
      for (const metric of METRICS) this.#metrics.set(metric.name, this.#register(metric));
    } catch (error) {
      // A metric of the same name is somebody else's: nothing half made stays behind.
      for (const metric of this.#metrics.keys()) registry.removeSingleMetric(metric);
      throw error;
    }
    for (const made of this.#metrics.values()) collectors.set(made, this);
  }

  add(name: string, near: MeasurableCache): void {
    if (this.#caches.has(name)) {
      throw new NearCacheError(
        'ERR_NEAR_OPTION',
        `The option name must be one that no other near cache in this registry has; received ${JSON.stringify(name)}.`,
      );
    }
    this.#caches.set(name, new MeasuredCache(near));
  }

  remove(name: string): void {
    this.#caches.get(name)?.stop();
    this.#caches.delete(name);
    if (this.#caches.size > 0) return;
    for (const [metric, made] of this.#metrics) {
      // A registry that was cleared may hold another's by now.
      if (this.#registry.getSingleMetric(metric) === made) this.#registry.removeSingleMetric(metric);
    }
  }

  /** prom-client calls `collect()` at each scrape. What is counted elsewhere is set there, by starting from nothing. */
  #register(metric: Metric): Counter | Gauge | Histogram {
    const { name, help } = metric;
    const registers = [this.#registry];
    const labelNames = ['cache', ...metric.dimensions];
    const points = () => this.#points(metric);
    if (metric.type === 'histogram') {
      const distributions = () => this.#distributions(metric);
      return new CountedElsewhere({ name, help, labelNames, registers }, distributions);
    }
    if (metric.type !== 'counter') {
      return new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const { labels, value } of points()) this.set(labels, value);
        },
      });
    }
    return new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { labels, value } of points()) this.inc(labels, value);
      },
    });
  }

  *#distributions(metric: Metric) {
    for (const [cache, measured] of this.#caches) {
      for (const { labels, ...rest } of metric.distributions?.(measured.read()) ?? []) {
        yield { labels: { cache, ...labels }, ...rest };
      }
    }
  }

  *#points(metric: Metric) {
    for (const [cache, measured] of this.#caches) {
      for (const { labels, value } of metric.points(measured.read())) {
        yield { labels: { cache, ...labels }, value };
      }
    }
  }
}

/** A histogram whose buckets are filled already: prom-client's own would want each value. */
class CountedElsewhere extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #distributions: () => Iterable<Distribution>;

  constructor(configuration: HistogramConfiguration<string>, distributions: () => Iterable<Distribution>) {
    super(configuration);
    this.#name = configuration.name;
    this.#help = configuration.help;
    this.#distributions = distributions;
  }

  /** What `get()` and a registry that writes text call; prom-client's types do not show it. */
  async getForPromString() {
    const values: object[] = [];
    const name = this.#name;
    for (const { labels: sharedLabels, buckets, count, sum } of this.#distributions()) {
      for (const { upTo, count: value } of [...buckets, { upTo: '+Inf', count }]) {
        values.push({ labels: { le: upTo }, sharedLabels, value, metricName: `${name}_bucket` });
      }
      values.push({ labels: {}, sharedLabels, value: sum, metricName: `${name}_sum` });
      values.push({ labels: {}, sharedLabels, value: count, metricName: `${name}_count` });
    }
    return { name, help: this.#help, type: 'histogram', aggregator: 'sum', values };
  }
}
