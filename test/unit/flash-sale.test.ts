// The main job's own logic: what its command line means, and how it judges what readers saw.

import { describe, expect, test } from 'vitest';
import { HELP, readArguments, type Settings } from '../../examples/flash-sale/arguments.js';
import type { ActFigures, Performance } from '../../examples/flash-sale/cluster/acts.js';
import { LEASE } from '../../examples/flash-sale/cluster/shop.js';
import { judge } from '../../examples/flash-sale/cluster/verdict.js';
import type { Comparison } from '../../examples/flash-sale/messages.js';
import { Staleness } from '../../examples/flash-sale/staleness.js';

describe('the arguments of the sale', () => {
  const settings = (...args: string[]): Settings => {
    const read = readArguments(args);
    if (read === 'help') throw new Error('Help was not asked for.');
    return read;
  };

  test('without any, it is held on a server of its own by three application servers', () => {
    expect(settings()).toMatchObject({ cluster: false, quick: false, workers: 3 });
  });

  test('--cluster has eight application servers, unless --workers says otherwise', () => {
    expect(settings('--cluster')).toMatchObject({ cluster: true, workers: 8 });
    expect(settings('--cluster', '--workers', '2')).toMatchObject({ cluster: true, workers: 2 });
  });

  test('--cluster --quick takes the short schedule', () => {
    expect(settings('--cluster', '--quick').schedule).toEqual(settings('--quick').schedule);
  });

  test('--cluster takes no --url: the sale kills what it started only', () => {
    expect(() => readArguments(['--cluster', '--url', 'redis://127.0.0.1:6379'])).toThrow(/--url/);
  });

  test('--help names every option', () => {
    expect(readArguments(['--cluster', '--help'])).toBe('help');
    for (const name of Object.keys(settings())) {
      if (name !== 'schedule') expect(HELP).toContain(`--${name}`);
    }
  });
});

describe('staleness', () => {
  const acknowledged = (staleness: Staleness, version: number, at: number, replaced?: number): void =>
    staleness.acknowledged({ kind: 'acknowledged', version, at, replaced });

  test('runs from when the next version was acknowledged to when a read of this one was started', () => {
    const staleness = new Staleness();
    acknowledged(staleness, 1, 100);
    acknowledged(staleness, 2, 200);
    staleness.saw([{ version: 1, readAt: 230 }]);
    expect(staleness.worst()).toBe(30);
  });

  test('a version that a failover lost makes nothing stale, the next one does', () => {
    const staleness = new Staleness();
    acknowledged(staleness, 1, 100, 0);
    acknowledged(staleness, 2, 200, 1);
    acknowledged(staleness, 3, 3_000, 1);
    expect(staleness.lost).toBe(1);
    staleness.saw([{ version: 1, readAt: 2_900 }]);
    expect(staleness.worst()).toBe(0);
    staleness.saw([{ version: 1, readAt: 3_040 }]);
    expect(staleness.worst()).toBe(40);
  });

  test('a write that was tried twice, and applied twice, lost nothing', () => {
    const staleness = new Staleness();
    acknowledged(staleness, 1, 100, 0);
    acknowledged(staleness, 2, 200, 2);
    expect(staleness.lost).toBe(0);
  });
});

describe('the verdict on a cluster', () => {
  const act = (operations: readonly number[], hotReads: number, worstStalenessMs = 0): ActFigures => ({
    durationMs: 1_000,
    score: {
      readsPerSecond: 0,
      hitRatio: 0,
      hitRatios: {},
      latency: { readP50: null, readP99: null, hitP50: null, hitP99: null },
    },
    shards: operations.map((operationsPerSecond, index) => ({
      shard: index + 1,
      isHot: index === 1,
      operationsPerSecond,
      readsPerSecond: index === 1 ? hotReads : 0,
    })),
    worstStalenessMs,
  });
  const comparison: Comparison = { kind: 'compared', keys: 10, fromMemory: 5, stuck: 0 };
  const good: Performance = {
    plain: act([1_000, 50_000, 1_000], 49_000),
    near: act([400, 700, 500], 400),
    faults: { ...act([400, 500, 500], 300), failovers: [], failedReads: 9, lostWrites: 0 },
    stepsBack: 0,
    comparisons: [comparison, comparison],
  };

  test('is good where the hot shard is rid of its reads and no other does much more or less', () => {
    expect(judge(good)).toMatchObject({ failures: [], compared: 20, comparedFromMemory: 10 });
    expect(judge(good).shardSpread.near).toBeCloseTo(1.75);
    expect(judge(good).hotShardReadsSaved).toBeCloseTo(1 - 400 / 49_000);
  });

  test.each([
    ['less than 99 % of the reads were saved', { near: act([400, 700, 500], 500) }],
    ['a shard does more than twice what another does', { near: act([400, 900, 500], 400) }],
    ['nothing is known of the plain client', { plain: act([0, 0, 0], 0) }],
    ['a value was staler than the lease', { near: act([400, 700, 500], 400, LEASE + 1) }],
    ['a value is stuck', { comparisons: [{ ...comparison, stuck: 1 }] }],
    ['nothing was held', { comparisons: [{ ...comparison, fromMemory: 0 }] }],
    ['a read went back in time', { stepsBack: 1 }],
  ] satisfies [string, Partial<Performance>][])('is bad where %s', (_, change) => {
    expect(judge({ ...good, ...change }).failures).toHaveLength(1);
  });

  test('holds a step back against Redis where Redis lost a write', () => {
    const faults = { ...good.faults, lostWrites: 1 };
    expect(judge({ ...good, stepsBack: 3, faults }).failures).toEqual([]);
  });
});
