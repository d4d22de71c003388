// Wraps, connects, reads and closes again and again, and tells what that leaves behind.

import type { NearCacheOptions } from 'redis-near-cache';
import { expect } from 'vitest';
import { type Client, call, type Near } from '../../support/client.js';
import { wrap } from '../../support/majors.js';
import type { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/until.js';
import {
  activeResources,
  heapUsed,
  heardChannels,
  LiveResources,
  processListeners,
  slopeOf,
} from './leftovers.js';

export interface Cycling {
  readonly create: () => Client;
  /** How it is closed: one way after the other. */
  readonly closing: readonly string[];
  /** Whose connections are counted. */
  readonly servers: readonly RedisServer[];
  readonly options?: Partial<NearCacheOptions>;
  /** Waits, in every other cycle, for what comes after the first session. */
  readonly complete?: (redis: Near) => Promise<void>;
}

export interface Left {
  /** Near caches that were not garbage collected. */
  readonly alive: number;
  /** Unit: bytes per cycle. */
  readonly slope: number;
  /** More than before, by type or event. */
  readonly resources: Readonly<Record<string, number>>;
  readonly live: Readonly<Record<string, number>>;
  readonly processListeners: Readonly<Record<string, number>>;
  /** On the one client that was wrapped in every other cycle. */
  readonly clientListeners: Readonly<Record<string, number>>;
  readonly heardChannels: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * A near cache that is kept takes more than 100 000; bare clients leave some 100 too. Few cycles measure less exactly. Unit:
 * bytes per cycle.
 */
const MAX_SLOPE = { many: 1_500, few: 10_000 } as const;

export function expectNothing({ slope, live, ...left }: Left, cycles: keyof typeof MAX_SLOPE): void {
  process.stdout.write(`${slope.toFixed(0)} bytes of heap per cycle\n`);
  expect(left).toEqual({
    alive: 0,
    resources: {},
    processListeners: {},
    clientListeners: {},
    heardChannels: [],
    warnings: [],
  });
  // The test runner has timers of its own.
  expect(Object.values(live).reduce((sum, count) => sum + count, 0)).toBeLessThan(10);
  expect(slope).toBeLessThan(MAX_SLOPE[cycles]);
}

/** Points in time at which the heap is measured. */
const POINTS = 10;

/** Resolves when the servers have as many connections as before. */
export async function cycled(cycling: Cycling, cycles: number): Promise<Left> {
  const { closing, create, servers } = cycling;
  const connections = await connectionsAt(servers);
  const shared = create();
  // What is made once, such as caches of code, is there after some cycles.
  for (let round = 0; round < closing.length * 4; round++) await oneCycle(cycling, round, shared);
  const before = { resources: activeResources(), process: processListeners(), client: listenersOf(shared) };
  const warnings: string[] = [];
  const collect = ({ message }: Error): void => {
    warnings.push(message);
  };
  process.on('warning', collect);
  await heapUsed();
  const live = new LiveResources();
  const caches: WeakRef<object>[] = [];
  const heap: [number, number][] = [];
  for (let round = 0; round < cycles; round++) {
    caches.push(new WeakRef(await oneCycle(cycling, round, shared)));
    if ((round + 1) % Math.ceil(cycles / POINTS) === 0) heap.push([round, await heapUsed()]);
  }
  await until(async () => (await connectionsAt(servers)) <= connections, 10_000, 'no connection to be left');
  await heapUsed();
  live.stop();
  process.off('warning', collect);
  return {
    alive: caches.filter((cache) => cache.deref() !== undefined).length,
    // The first point still has what is optimised later.
    slope: slopeOf(heap.slice(1)),
    resources: more(before.resources, activeResources()),
    live: live.counts(),
    processListeners: more(before.process, processListeners()),
    clientListeners: more(before.client, listenersOf(shared)),
    heardChannels: heardChannels(),
    warnings,
  };
}

/** @returns the near cache, which nobody else knows any more */
async function oneCycle(
  { closing, complete, create, options }: Cycling,
  round: number,
  shared: Client,
): Promise<object> {
  const redis = wrap(round % 2 === 0 ? create() : shared, { prefixes: ['k:'], ...options });
  await redis.connect();
  await redis.near.ready();
  if (round % 4 < 2) await complete?.(redis);
  await redis.get('k:1');
  await redis.get('k:1');
  const way = closing[Math.floor(round / 2) % closing.length] ?? '';
  if (way === 'dispose') await redis[Symbol.asyncDispose]();
  else await call(redis, way);
  // Else it waits for the client to be connected again.
  redis.near.close();
  return redis.near;
}

function listenersOf(client: Client): Readonly<Record<string, number>> {
  const names = call(client, 'eventNames') as (string | symbol)[];
  return Object.fromEntries(
    names.map((name) => [String(name), Number(call(client, 'listenerCount', [name]))]),
  );
}

async function connectionsAt(servers: readonly RedisServer[]): Promise<number> {
  const lists = await Promise.all(servers.map((server) => server.command('CLIENT', 'LIST')));
  return lists.reduce((sum: number, list) => sum + String(list).trim().split('\n').length, 0);
}

function more(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const grown = Object.entries(after).filter(([name, count]) => count > (before[name] ?? 0));
  return Object.fromEntries(grown.map(([name, count]) => [name, count - (before[name] ?? 0)]));
}
