// What exporters gave out, read back by the means of each: prom-client's registry, OpenTelemetry's in-memory exporter.

import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { Registry } from 'prom-client';

export interface Series {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
}

export interface OtelPoint {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

/** Each metric of a registry with its type and, from its series, its labels. */
export async function ofPrometheus(register: Registry) {
  const metrics = await register.getMetricsAsJSON();
  return metrics.map(({ name, type, values }) => ({
    name,
    type: String(type),
    // Of a histogram the count comes last; its buckets have `le` as well.
    labels: Object.keys(values.at(-1)?.labels ?? {}),
  }));
}

/** The series of one metric of a registry. */
export async function seriesOf(register: Registry, name: string): Promise<readonly Series[]> {
  return (await register.getSingleMetric(name)?.get())?.values ?? [];
}

/** Lets `observe` use a provider, collects once after `use`, and gives back what was exported. */
export async function ofOpenTelemetry(
  observe: (meterProvider: MeterProvider) => void,
  use?: () => Promise<unknown>,
): Promise<readonly OtelPoint[]> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  observe(meterProvider);
  await use?.();
  await meterProvider.forceFlush();
  const [exported] = exporter.getMetrics();
  await meterProvider.shutdown();
  return (exported?.scopeMetrics ?? []).flatMap(({ metrics }) =>
    metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({ name, unit, attributes, value })),
    ),
  );
}
