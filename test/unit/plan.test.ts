// The calculator: what it computes holds together, whatever it is asked.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adviseOn } from '../../src/cli/plan/advice.js';
import {
  bytesPerInvalidation,
  messagesPerTurn,
  type ServerLoad,
  serverCost,
} from '../../src/cli/plan/cost-model.js';
import { MEASURED_COSTS } from '../../src/cli/plan/measured-costs.js';
import {
  type Plan,
  planOf,
  processLimit,
  strainOf,
  type Tracking,
  writeLimit,
} from '../../src/cli/plan/plan.js';
import { PLAN_DEFAULTS, type PlanInput } from '../../src/cli/plan/plan-input.js';
import { hitsWhileFresh, hitsWhileTracked } from '../../src/cli/plan/popularity.js';

const [measured] = Object.values(MEASURED_COSTS);
if (measured === undefined) throw new Error('Nothing was measured.');

const fleet: PlanInput = {
  ...PLAN_DEFAULTS,
  processes: 100,
  writes: 1_000,
  reads: 100_000,
  prefixes: [{ name: 'a:', share: 0.5 }],
};

const rate = (max: number) => fc.double({ min: 0, max, noNaN: true });
const part = fc.double({ min: 0, max: 1, noNaN: true });
const inputs: fc.Arbitrary<PlanInput> = fc.record({
  processes: fc.integer({ min: 1, max: 100_000 }),
  writes: rate(1e8),
  reads: rate(1e10),
  prefixes: fc
    .array(part, { minLength: 1, maxLength: 20 })
    .map((parts) => parts.map((share, at) => ({ name: `${at}`, share: share / parts.length }))),
  keyLength: fc.integer({ min: 1, max: 1_000 }),
  batch: fc.double({ min: 1, max: 1_000, noNaN: true }),
  keys: fc.integer({ min: 1, max: 1_000_000 }),
  skew: fc.double({ min: 0, max: 3, noNaN: true }),
  hitRatio: fc.option(part, { nil: undefined }),
  wasted: part,
  primaries: fc.integer({ min: 1, max: 100 }),
  replicas: fc.integer({ min: 0, max: 5 }),
  perHost: fc.integer({ min: 1, max: 100 }),
  noLoop: fc.boolean(),
  ttl: fc.double({ min: 1, max: 1e6, noNaN: true }),
  ceiling: fc.double({ min: 0.01, max: 1, noNaN: true }),
  speed: fc.double({ min: 0.1, max: 10, noNaN: true }),
});
const ways = fc.constantFrom<Tracking>('primaries', 'replicas', 'none');

/** All numbers in an object, however deep. */
function figures(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(figures) : [];
}

/** Rounding may take what rising added. */
const atLeast = (smaller: number): number => smaller * (1 - 1e-9) - 1e-12;

describe('for any fleet', () => {
  test('every figure of a plan is finite and not negative', () => {
    fc.assert(
      fc.property(inputs, ways, (input, tracking) => {
        for (const figure of figures(planOf(input, measured, tracking))) {
          expect(Number.isFinite(figure) && figure >= 0).toBe(true);
        }
      }),
    );
  });

  test('no figure of the advice is NaN, the first option fits if any does, and the order is that of what they give up', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const advice = adviseOn(input, measured);
        for (const figure of figures(advice)) expect(Number.isNaN(figure)).toBe(false);
        expect(new Set(advice.map(({ name }) => name)).size).toBe(advice.length);
        const fit = advice.map(({ fits }) => fits);
        expect(fit).toEqual([...fit].sort((a, b) => Number(b) - Number(a)));
      }),
      { numRuns: 40 },
    );
  });

  test.each(['processes', 'writes', 'reads'] as const)('more %s never cost less', (what) => {
    fc.assert(
      fc.property(inputs, ways, fc.integer({ min: 1, max: 10 }), (input, tracking, times) => {
        const more = { ...input, [what]: input[what] * times };
        const [less, much] = [input, more].map((each) => planOf(each, measured, tracking)) as [Plan, Plan];
        expect(much.busiest).toBeGreaterThanOrEqual(atLeast(less.busiest));
        if (what === 'reads') return;
        expect(much.hitRatio).toBeLessThanOrEqual(less.hitRatio + 1e-9);
        for (const [at, node] of less.nodes.entries()) {
          expect(much.nodes[at]?.network ?? 0).toBeGreaterThanOrEqual(atLeast(node.network));
          expect(much.nodes[at]?.invalidations ?? 0).toBeGreaterThanOrEqual(atLeast(node.invalidations));
        }
      }),
    );
  });

  test('more writes in a turn never cost more', () => {
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1, max: 10 }), (input, times) => {
        const gathered = planOf(
          { ...input, batch: input.batch * times, prefixes: [{ name: 'a', share: 1 }] },
          measured,
        );
        const single = planOf({ ...input, prefixes: [{ name: 'a', share: 1 }] }, measured);
        expect(single.busiest).toBeGreaterThanOrEqual(atLeast(gathered.busiest));
      }),
    );
  });

  test('ratios of hits are between 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        part,
        rate(1e9),
        rate(1e9),
        (keys, skew, reads, writes) => {
          for (const ratio of [
            hitsWhileTracked(keys, 3 * skew, reads, writes),
            hitsWhileFresh(keys, 3 * skew, reads, writes),
          ]) {
            expect(ratio).toBeGreaterThanOrEqual(0);
            expect(ratio).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });
});

describe('limits', () => {
  test('are where one core is not enough: one less is', () => {
    const { busy, broken } = processLimit(fleet, measured);
    const busiest = (processes: number, gathered: number): number =>
      planOf({ ...fleet, processes }, measured, 'primaries', gathered).busiest;
    expect(busiest(busy, 1)).toBeGreaterThan(1);
    expect(busiest(busy - 1, 1)).toBeLessThanOrEqual(1);
    expect(busiest(broken, 256)).toBeGreaterThan(1);
    expect(busiest(broken - 1, 256)).toBeLessThanOrEqual(1);
    expect(writeLimit(fleet, measured).busy).toBeGreaterThan(fleet.writes);
  });

  test('in between, writes gather until one core is enough', () => {
    const { busy, broken } = processLimit(fleet, measured);
    const processes = Math.round((busy + broken) / 4);
    const { delay, gathered } = strainOf({ ...fleet, processes }, measured);
    expect(planOf({ ...fleet, processes }, measured, 'primaries', gathered).busiest).toBeCloseTo(1, 1);
    expect(delay).toBeGreaterThan(0);
    expect(strainOf(fleet, measured)).toEqual({ gathered: 1, delay: 0 });
    expect(strainOf({ ...fleet, processes: broken }, measured).delay).toBe(Number.POSITIVE_INFINITY);
  });

  test('there is none on the processes when nothing is pushed and every read is a hit', () => {
    const { busy } = processLimit({ ...fleet, prefixes: [{ name: 'a:', share: 0 }], hitRatio: 1 }, measured);
    expect(busy).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('advice', () => {
  test('a small fleet is fine as planned', () => {
    const [best] = adviseOn(fleet, measured);
    expect(best).toMatchObject({ name: 'as planned', fits: true });
  });

  test('every option has figures of its own, that of fewer trackers those of fewer trackers', () => {
    const advice = adviseOn({ ...fleet, processes: 4_000 }, measured);
    const busiest = new Map(advice.map(({ name, plan }) => [name, plan.busiest]));
    expect([...busiest.keys()].sort()).toEqual([
      'as planned',
      'narrower prefixes',
      'one tracking process per host',
      'tracking on replicas',
      'ttl fallback',
      'without NOLOOP',
    ]);
    const planned = busiest.get('as planned') ?? 0;
    for (const [name, share] of busiest) if (name !== 'as planned') expect(share, name).toBeLessThan(planned);
  });

  test('on a cluster, tracking on replicas is none: primaries are tracked as well', () => {
    const names = adviseOn({ ...fleet, primaries: 3 }, measured).map(({ name }) => name);
    expect(names).not.toContain('tracking on replicas');
  });
});

describe('the wire', () => {
  test('a message of one key, and what keys in one message share', () => {
    const one = '>2\r\n$10\r\ninvalidate\r\n*1\r\n$9\r\nproduct:1\r\n'.length;
    const ten = '>2\r\n$10\r\ninvalidate\r\n*10\r\n'.length + 10 * '$9\r\nproduct:1\r\n'.length;
    expect(bytesPerInvalidation(1, 1, 9)).toBe(one);
    expect(bytesPerInvalidation(10, 1, 9)).toBeCloseTo(ten / 10);
    expect(bytesPerInvalidation(1, 0, 9)).toBe(0);
  });

  test('a turn has one message per prefix that was hit', () => {
    expect(messagesPerTurn(1, 1)).toBe(1);
    expect(messagesPerTurn(1, 100)).toBeCloseTo(1);
    expect(messagesPerTurn(1e9, 100)).toBeCloseTo(100);
    expect(messagesPerTurn(2, 2)).toBeCloseTo(1.5);
  });

  test('reads and writes that nobody hears cost the same with any number of trackers', () => {
    const load: ServerLoad = {
      kind: 'read',
      trackers: 500,
      prefixes: 10,
      written: 1,
      batch: 1,
      pipeline: 1,
      keyLength: 16,
      noLoop: true,
      replicas: 0,
    };
    expect(serverCost(load, measured.costs)).toBe(serverCost({ ...load, trackers: 0 }, measured.costs));
  });
});
