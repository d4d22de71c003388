// docs/metrics.md, its alert rules and docs/grafana-dashboard.json speak of what the exporters really export: their
// names are compared with the output of both.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { observeNearCache } from 'redis-near-cache/opentelemetry';
import { collectNearCache, type MeasurableCache } from 'redis-near-cache/prometheus';
import { beforeAll, describe, expect, test } from 'vitest';
import { CHANNELS } from '../../src/metrics/diagnostics.js';
import { ofOpenTelemetry, ofPrometheus } from '../support/exported.js';

const docs = readFileSync(fileURLToPath(new URL('../../docs/metrics.md', import.meta.url)), 'utf8');
const dashboard = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../docs/grafana-dashboard.json', import.meta.url)), 'utf8'),
) as Dashboard;

interface Target {
  readonly expr: string;
  readonly refId: string;
  readonly datasource: { readonly uid: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly datasource?: { readonly uid: string };
}

interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

interface Exported {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** A near cache as it is after some heartbeats, and with a replica, so that no metric is absent. */
function cache(): MeasurableCache {
  const { near } = withNearCache(createClient(), { prefixes: ['product:'] });
  near.loader({ prefix: 'product:', ttl: 1_000, load: () => null });
  const tracking = near.stats().tracking.flatMap((row) => [
    { ...row, rtt: 1 },
    { ...row, node: 'localhost:6380', role: 'replica' as const, rtt: 1, lag: 1 },
  ]);
  return {
    stats: () => ({ ...near.stats(), tracking }),
    on: (event, listener) => {
      near.on(event, listener);
      // One load, once somebody listens.
      queueMicrotask(() => near.emit('load', LOAD));
    },
    off: (event, listener) => near.off(event, listener),
  };
}

const LOAD = { prefix: 'product:', keys: ['product:1'], duration: 1, failed: false };

let inPrometheus: readonly Exported[] = [];
/** `name unit` or, of a result, `name unit result`. */
let inOpenTelemetry: readonly string[] = [];

beforeAll(async () => {
  const register = new Registry();
  collectNearCache(cache(), { register });
  inPrometheus = await ofPrometheus(register);

  const points = await ofOpenTelemetry((meterProvider) => observeNearCache(cache(), { meterProvider }));
  inOpenTelemetry = points.map(({ name, unit, attributes }) =>
    [name, unit, attributes['redis.near_cache.result']].filter(Boolean).join(' '),
  );
});

/** The cells of the rows of a table, those of the first column being in backticks. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function quoted(text = ''): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
}

const table = rows(docs.slice(docs.indexOf('<!-- metrics:'), docs.indexOf('## Alert rules')));
const yaml = /```yaml\n([\s\S]*?)```/.exec(docs)?.[1] ?? '';

function metricNames(promQl: string): string[] {
  const names = promQl.match(/(?<![\w:])redis_near_cache_\w+/g) ?? [];
  return names.map((name) => name.replace(/_seconds_bucket$/, '_seconds'));
}

describe('the table of metrics', () => {
  test('has the names, types and labels that Prometheus gets', () => {
    const said = table.map(([name, , type = '', , labels]) => ({
      name: quoted(name)[0],
      type: type.replace(/,.*/, ''),
      labels: ['cache', ...quoted(labels)],
    }));
    expect(said.length).toBeGreaterThan(15);
    expect(said).toEqual(inPrometheus);
  });

  test('has the names, results and units that OpenTelemetry gets', () => {
    const said = table.map(([, name, , unit]) => {
      const [otel, ...result] = quoted(name);
      return [otel, ...quoted(unit), ...result].join(' ');
    });
    expect(new Set(said)).toEqual(new Set(inOpenTelemetry));
  });

  test('has units in the names that Prometheus wants: seconds, bytes, and total for what is counted', () => {
    for (const [name = '', , type, unit] of table) {
      expect(/_total`$/.test(name), name).toBe(type === 'counter');
      if (unit === '`s`') expect(name).toMatch(/_seconds(_total)?`$/);
      if (unit === '`By`') expect(name).toMatch(/_bytes`$/);
    }
  });
});

describe('the alert rules', () => {
  test('ask for metrics that exist', () => {
    const asked = new Set(metricNames(yaml));
    expect(asked.size).toBeGreaterThan(5);
    const names = inPrometheus.map(({ name }) => name);
    expect([...asked].filter((name) => !names.includes(name))).toEqual([]);
  });

  test('ask for records that exist', () => {
    const made = Array.from(yaml.matchAll(/record: (\S+)/g), ([, name = '']) => name);
    const asked = new Set(yaml.match(/job_cache_prefix:[\w:]+/g));
    expect([...asked].sort()).toEqual(made.sort());
  });

  test('are named beside a metric that they ask for, and each has its reason', () => {
    const alerts = new Map(
      yaml.split(/^ +- (?=alert|record)/m).flatMap((rule) => {
        const [, name] = /^alert: (\w+)/.exec(rule) ?? [];
        return name === undefined ? [] : [[name, rule] as const];
      }),
    );
    const named = table.flatMap(([metric, , , , , , alert]) =>
      quoted(alert).map((name) => [name, quoted(metric)[0] ?? ''] as const),
    );
    expect(named.map(([name]) => name).sort()).toEqual([...alerts.keys()].sort());
    for (const [name, metric] of named) {
      const byRecord = metric.replace(/^redis_near_cache_hits_total$/, 'redis_near_cache_hit_ratio');
      expect(alerts.get(name), name).toContain(byRecord);
    }
    const explained = rows(docs.slice(docs.indexOf('| alert | why'), docs.indexOf('## Dashboard')));
    expect(explained.map(([name]) => quoted(name)[0]).sort()).toEqual([...alerts.keys()].sort());
  });
});

describe('the dashboard', () => {
  const charts = dashboard.panels.filter(({ type }) => type !== 'row');
  const targets = charts.flatMap((panel) => panel.targets ?? []);

  test('has what Grafana needs to load it', () => {
    expect(dashboard).toMatchObject({ id: null, uid: 'redis-near-cache', title: 'redis-near-cache' });
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
    expect(charts.length).toBeGreaterThan(10);
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { title, targets = [] } of charts) {
      expect(targets.length, title).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
  });

  test('has panels that lie on the grid, none over another', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x} ${y}`), title).toBeUndefined();
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });

  test('reads from the data source that is chosen, by variables that it has', () => {
    const { list } = dashboard.templating;
    const variables = list.map(({ name }) => name);
    expect(list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    const sources = [...charts, ...targets, ...list.slice(1)].map(({ datasource }) => datasource?.uid);
    expect(new Set(sources)).toEqual(new Set([`\${datasource}`]));
    const used = Array.from(JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)/g), ([, name = '']) => name);
    expect(new Set(used)).toEqual(new Set(variables));
  });

  test('asks for metrics and labels that exist, and leaves no metric out', () => {
    const labels = new Map(inPrometheus.map((metric) => [metric.name, metric.labels]));
    const asked = new Set(targets.flatMap(({ expr }) => metricNames(expr)));
    expect([...asked].sort()).toEqual([...labels.keys()].sort());
    for (const { expr } of targets) {
      for (const [, name = '', selectors = ''] of expr.matchAll(/(redis_near_cache_\w+)\{([^}]*)\}/g)) {
        const known = ['job', 'instance', ...(labels.get(metricNames(name)[0] ?? '') ?? [])];
        const selected = Array.from(selectors.matchAll(/(\w+)=/g), ([, label = '']) => label);
        expect(known, name).toEqual(expect.arrayContaining(selected));
      }
    }
    const queries = dashboard.templating.list.slice(1).map(({ query }) => JSON.stringify(query));
    for (const name of queries.flatMap(metricNames)) expect(labels.has(name), name).toBe(true);
  });
});

test('the channels listed are those that are published', () => {
  const listed = rows(docs.slice(docs.indexOf('| channel |'))).map(([name]) => quoted(name)[0]);
  expect(listed).toEqual(Object.values(CHANNELS).map(({ name }) => name));
});
