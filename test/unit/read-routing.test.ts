// Which node answers a miss (rules C9, C10), with a clock in the test's hand.

import { beforeEach, describe, expect, test } from 'vitest';
import { Detours } from '../../src/cache/detours.js';
import { Lease } from '../../src/cache/lease.js';
import { type Candidate, ReadRouting, type RoutingRules } from '../../src/routing/read-routing.js';

interface Node extends Candidate {
  rtt: number | undefined;
  isConnected: boolean;
}

let now: number;
let detours: Detours;
let changes: string[];

beforeEach(() => {
  now = 1_000;
  detours = new Detours();
  changes = [];
});

function node(id: string, coversAsOf = now): Node {
  const lease = new Lease();
  lease.armed = true;
  lease.isReplica = id !== 'primary';
  lease.coversAsOf = coversAsOf;
  return { id, lease, rtt: 1, isConnected: true };
}

function routing(rules: Partial<RoutingRules> = {}): ReadRouting {
  const changed = (id: string, unfit: string | undefined): unknown => changes.push(`${id} ${unfit ?? 'fit'}`);
  return new ReadRouting({
    reads: 'replicas',
    maxLag: 500,
    hotAfter: 3,
    random: () => 0.5,
    detours,
    changed,
    behind: () => {},
    ...rules,
  });
}

/** Everybody covers this moment, a moment later. */
function coverAll(...nodes: readonly Node[]): void {
  now += 10;
  for (const { lease } of nodes) lease.coversAsOf = now;
  now += 1;
}

/** Two replicas that answer, the one that has `key` first. */
function pair(key = 'k') {
  const primary = node('primary', Number.POSITIVE_INFINITY);
  const replicas = [node('a'), node('b')];
  const route = routing();
  const ask = (...keys: string[]) =>
    route.choose(primary, replicas, keys.length === 0 ? [key] : keys, now)?.id;
  ask();
  coverAll(...replicas);
  const first = ask();
  const home = replicas.find(({ id }) => id === first);
  const other = replicas.find(({ id }) => id !== first);
  if (home === undefined || other === undefined) throw new Error('Nobody answers.');
  return { route, home, other, replicas, ask };
}

describe('a key', () => {
  test('is read from one and the same replica', () => {
    const { ask, home } = pair();
    for (let read = 0; read < 100; read++) expect(ask()).toBe(home.id);
  });

  test('is read from others in other processes, and other keys from others', () => {
    const primary = node('primary');
    const replicas = ['a', 'b', 'c'].map((id) => node(id));
    const chosenBy = (salt: number, key: string): string | undefined => {
      const route = routing({ random: () => salt });
      route.choose(primary, replicas, [key], now - 1);
      return route.choose(primary, replicas, [key], now)?.id;
    };
    const processes = Array.from({ length: 300 }, (_, at) => chosenBy(at / 300, 'k'));
    const keys = Array.from({ length: 300 }, (_, at) => chosenBy(0.5, `k:${at}`));
    for (const chosen of [processes, keys]) {
      for (const { id } of replicas) expect(chosen.filter((each) => each === id).length).toBeGreaterThan(60);
    }
  });

  test('that was written or read at the primary is read there until its replica covers that', () => {
    const { ask, home } = pair();
    detours.note('k', now + 5);
    expect(ask()).toBeUndefined();
    home.lease.coversAsOf = now + 4;
    expect(ask()).toBeUndefined();
    home.lease.coversAsOf = now + 5;
    expect(ask()).toBe(home.id);
  });

  test('among several that was written keeps all of them at the primary', () => {
    const { ask, home } = pair();
    detours.note('k', now + 5);
    const also = Array.from({ length: 50 }, (_, at) => `k:${at}`).filter((key) => ask(key) === home.id);
    for (const key of also) expect(ask(key, 'k')).toBeUndefined();
    expect(also.length).toBeGreaterThan(0);
  });

  test('is read together with one of another replica at the primary', () => {
    const { ask, home, other } = pair();
    const keys = Array.from({ length: 50 }, (_, at) => `k:${at}`);
    const here = keys.find((key) => ask(key) === home.id) ?? '';
    const there = keys.find((key) => ask(key) === other.id) ?? '';
    expect(ask('k', here)).toBe(home.id);
    expect(ask('k', there)).toBeUndefined();
    expect(ask(there, 'k')).toBeUndefined();
  });
});

describe('a replica', () => {
  test('that was not met before has to cover that moment', () => {
    const primary = node('primary');
    const a = node('a', now - 1);
    const route = routing();
    expect(route.choose(primary, [a], ['k'], now)).toBeUndefined();
    a.lease.coversAsOf = now;
    expect(route.choose(primary, [a], ['k'], now)).toBe(a);
  });

  test.each([
    [
      'connection',
      (home: Node) => {
        home.isConnected = false;
      },
    ],
    [
      'tracking',
      (home: Node) => {
        home.lease.armed = false;
      },
    ],
    [
      'lag',
      (home: Node) => {
        home.lease.coversAsOf = now - 501;
      },
    ],
  ] as const)(
    'without %s is left out; the next must know what it told, and it what that told',
    (reason, harm) => {
      const { ask, home, other } = pair();
      const covered = { ...home, lease: { ...home.lease } };
      harm(home);
      expect(ask()).toBeUndefined();
      expect(changes.at(-1)).toBe(`${home.id} ${reason}`);
      now += 10;
      expect(ask()).toBeUndefined();
      other.lease.coversAsOf = now;
      expect(ask()).toBe(other.id);
      now += 10;
      home.isConnected = true;
      home.lease.armed = covered.lease.armed;
      home.lease.coversAsOf = now - 1;
      expect(ask()).toBeUndefined();
      expect(changes.at(-1)).toBe(`${home.id} fit`);
      home.lease.coversAsOf = now;
      expect(ask()).toBe(home.id);
    },
  );

  test('that failed is left out for a second', () => {
    const { ask, home, other, route } = pair();
    route.failed(home.id);
    expect(ask()).toBeUndefined();
    now += 400;
    other.lease.coversAsOf = now;
    expect(ask()).toBe(other.id);
    now += 600;
    for (const each of [home, other]) each.lease.coversAsOf = now;
    expect(ask()).toBe(home.id);
  });

  test('lags when it covers less than maxLag ago, and not before', () => {
    const { home, route } = pair();
    home.lease.coversAsOf = now - 500;
    expect(route.judge(home, now)).toBe(true);
    home.lease.coversAsOf = now - 501;
    expect(route.judge(home, now)).toBe(false);
    expect(route.isFit(home.id)).toBe(false);
  });

  test('tells of one reason after another, once each', () => {
    const { home, route } = pair();
    changes = [];
    for (const connected of [false, false, true, true]) {
      home.isConnected = connected;
      home.lease.armed = false;
      route.judge(home, now);
    }
    expect(changes).toEqual([`${home.id} connection`, `${home.id} tracking`]);
  });

  test('among others than before must cover what those answered', () => {
    const { ask, home, route, replicas } = pair();
    now += 10;
    route.reset(now, new Set(replicas.map(({ id }) => id)));
    expect(ask()).toBeUndefined();
    home.lease.coversAsOf = now;
    expect(ask()).toBe(home.id);
    route.reset(now, new Set());
    expect(route.isFit(home.id)).toBe(false);
  });
});

describe("reads: 'nearest'", () => {
  test('asks the node with the lowest round trip, and moves only for a much lower one', () => {
    const primary = node('primary', Number.POSITIVE_INFINITY);
    const [a, b] = [node('a'), node('b')];
    const route = routing({ reads: 'nearest' });
    const ask = () => route.choose(primary, [a, b], ['k'], now)?.id;
    [primary.rtt, a.rtt, b.rtt] = [10, 5, 5.1];
    expect(ask()).toBe('a');
    b.rtt = 3.6;
    expect(ask()).toBe('a');
    now += 10;
    b.rtt = 3.4;
    expect(ask()).toBeUndefined();
    b.lease.coversAsOf = now;
    expect(ask()).toBe('b');
    primary.rtt = 1;
    expect(ask()).toBeUndefined();
    primary.rtt = undefined;
    now += 1;
    expect(ask()).toBeUndefined();
    coverAll(a, b);
    expect(ask()).toBe('b');
    b.isConnected = false;
    expect(ask()).toBeUndefined();
    coverAll(a, b);
    expect(ask()).toBe('a');
  });
});

test("hot keys alone go to replicas with reads: 'hot'", () => {
  const primary = node('primary');
  const a = node('a');
  const route = routing({ reads: 'hot' });
  const asked = Array.from({ length: 4 }, () => route.choose(primary, [a], ['k'], now)?.id);
  expect(asked).toEqual([undefined, undefined, 'a', 'a']);
});
