// What the rounds come to: medians, spreads and ratios, as data and as tables.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import Table from 'cli-table3';
import { findRedisServer } from '../test/support/redis-binary.mjs';
import type { Rounds } from './arena.js';
import type { Metric, Suite } from './suite.js';

export interface Summary {
  readonly median: number;
  /** First and third quartile. */
  readonly spread: readonly [number, number];
  /** Median over rounds of this one's figure divided by the base's of the same round. */
  readonly ratio: number;
}

export interface SuiteReport {
  readonly title: string;
  readonly what: string;
  readonly base: string;
  readonly rounds: number;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** By contestant, then by metric. */
  readonly results: Readonly<Record<string, Readonly<Record<string, Summary>>>>;
}

export interface Report {
  readonly machine: Readonly<Record<string, string>>;
  readonly suites: Readonly<Record<string, SuiteReport>>;
}

/** The value that a share of the others lies below, between neighbours by their distance. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place % 1);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function summarise(suite: Suite, rounds: Rounds): SuiteReport {
  const { base, contestants: _, ...rest } = suite;
  const results: Record<string, Record<string, Summary>> = {};
  for (const [contestant, figures] of Object.entries(rounds)) {
    const ofContestant: Record<string, Summary> = {};
    for (const metric of Object.keys(suite.metrics)) {
      const own = figures.map((each) => each[metric]).filter((value) => value !== undefined);
      if (own.length === 0) continue;
      const ratios = own.map((value, round) => value / (rounds[base]?.[round]?.[metric] ?? Number.NaN));
      ofContestant[metric] = {
        median: median(own),
        spread: [quantile(own, 0.25), quantile(own, 0.75)],
        ratio: median(ratios),
      };
    }
    results[contestant] = ofContestant;
  }
  return { ...rest, base, rounds: rounds[base]?.length ?? 0, results };
}

export function machine(): Record<string, string> {
  const processor = cpus();
  return {
    processor: `${processor[0]?.model.trim() ?? 'unknown'}, ${processor.length} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    server:
      execFileSync(findRedisServer() ?? 'redis-server', ['--version'], { encoding: 'utf8' })
        .trim()
        .split(' sha=')[0] ?? '',
    ...versions(),
  };
}

const CONTESTANTS = [
  '@redis/client',
  'redis-client-v4',
  'redis-client-v5',
  'lru-cache',
  'ioredis',
  'bentocache',
  'cacheable',
  'cache-manager',
];

function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    CONTESTANTS.map((name) => {
      const paths = require.resolve.paths(name) ?? [];
      for (const path of paths) {
        try {
          return [
            name,
            (JSON.parse(readFileSync(`${path}/${name}/package.json`, 'utf8')) as { version: string }).version,
          ];
        } catch {}
      }
      return [name, 'not found'];
    }),
  );
}

const DIGITS = 3;

/** Three digits, thousands apart. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const rounded = Number(value.toPrecision(DIGITS));
  return rounded
    .toLocaleString('en-US', {
      maximumFractionDigits: Math.abs(rounded) < 10 ? 2 : Math.abs(rounded) < 100 ? 1 : 0,
    })
    .replaceAll(',', ' ');
}

/** The rows of a suite: contestant, then per metric median, spread and ratio. */
export function rowsOf(report: SuiteReport): { readonly head: string[]; readonly rows: string[][] } {
  const metrics = Object.entries(report.metrics);
  const isOne = metrics.length === 1;
  const head = [
    'contestant',
    ...metrics.flatMap(([name, { unit }]) => [isOne ? unit : `${name}, ${unit}`, 'quartiles', 'ratio']),
  ];
  const rows = Object.entries(report.results).map(([contestant, figures]) => [
    contestant,
    ...metrics.flatMap(([name]) => {
      const figure = figures[name];
      if (figure === undefined) return ['', '', ''];
      return [
        shown(figure.median),
        figure.spread.map(shown).join(' - '),
        Number.isNaN(figure.ratio) ? '' : `${shown(figure.ratio)}x`,
      ];
    }),
  ]);
  return { head, rows };
}

export function tableOf(report: SuiteReport): string {
  const { head, rows } = rowsOf(report);
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: ['left', ...head.slice(1).map(() => 'right' as const)],
  });
  table.push(...rows);
  return `${report.title} (base: ${report.base}, ${report.rounds} rounds)\n${report.what}\n${table.toString()}\n`;
}
