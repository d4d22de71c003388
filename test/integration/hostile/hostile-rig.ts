// A near cache whose tracking connection is lied to, while its data connection is honest: readers go through the cache
// all the time, and what they are told is judged by what Redis was told before.

import { createClient } from 'redis-client-v4';
import { type NearCacheError, type NearCacheOptions, withNearCache } from 'redis-near-cache';
import { expect } from 'vitest';
import { CounterHistory } from '../../support/counter-history.js';
import type { RedisServer } from '../../support/redis-server.js';
import { RespMeddler } from '../../support/resp-meddler.js';
import { connectPlain } from '../../support/rig.js';
import { until } from '../../support/until.js';

export const LEASE = { heartbeat: 50, maxStaleness: 400 };

/** What a reader on a busy machine may add between the look at its clock and the read. Unit: ms. */
const SLACK = 50;

const KEYS = ['k:a', 'k:b', 'k:c'];

export async function makeHostileRig(server: RedisServer, options: Partial<NearCacheOptions> = {}) {
  const crashes: unknown[] = [];
  const onCrash = (error: unknown): void => {
    crashes.push(error);
  };
  process.on('unhandledRejection', onCrash);
  process.on('uncaughtExceptionMonitor', onCrash);
  const meddler = await RespMeddler.start(server.port);
  const raw = createClient({ url: server.url });
  raw.on('error', () => {});
  const redis = withNearCache(raw, {
    prefixes: ['k:'],
    ...LEASE,
    ...options,
    tracking: { url: meddler.url, reconnectStrategy: 20, ...options.tracking },
  });
  const errors: NearCacheError[] = [];
  const warnings: string[] = [];
  const reasons: string[] = [];
  redis.near.on('error', (error) => errors.push(error));
  redis.near.on('warning', ({ code }) => warnings.push(code));
  redis.near.on('state', ({ to, reason }) => reasons.push(`${to}: ${reason}`));
  const outsider = await connectPlain(server.url);
  const history = new CounterHistory();
  let running = true;

  async function raise(key: string): Promise<void> {
    const sentAt = performance.now();
    history.written(key, sentAt, await outsider.incr(key));
  }

  async function write(): Promise<void> {
    while (running) {
      for (const key of KEYS) {
        await raise(key);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  const seen: { readonly key: string; readonly value: number; readonly at: number }[] = [];
  async function read(): Promise<void> {
    while (running) {
      for (const key of KEYS) {
        const at = performance.now();
        seen.push({ key, value: Number(await redis.get(key)), at });
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** What no reader may be told. Judged in the end: a reader can see a value before its writer gets the answer. */
  function wrong(): string[] {
    const bound = (options.maxStaleness ?? LEASE.maxStaleness) + SLACK;
    const last = new Map<string, number>();
    return seen.flatMap(({ key, value, at }) => {
      const stale = history.staleness(key, value, at);
      const before = last.get(key) ?? 0;
      last.set(key, value);
      if (value < before) return `${key} went back from ${before} to ${value}`;
      return stale > bound ? `${key} was ${value}, replaced ${stale} ms ago` : [];
    });
  }

  const load: Promise<void>[] = [];

  /** A server that refused is asked again after 30 s, or when the client connects. */
  async function startAnew(): Promise<void> {
    running = false;
    await Promise.all(load.splice(0));
    running = true;
    await redis.disconnect();
    await redis.connect();
    load.push(write(), read());
  }

  /** Ends the load: nobody was told a wrong value, and nothing crashed. */
  async function expectNothingWrong(): Promise<void> {
    const before = seen.length;
    await until(() => seen.length > before + 3 * KEYS.length);
    running = false;
    await Promise.all(load);
    expect(wrong()).toEqual([]);
    expect(crashes).toEqual([]);
  }

  return {
    server,
    meddler,
    raw,
    redis,
    outsider,
    errors,
    warnings,
    reasons,
    tracking: () => {
      const [row] = redis.near.stats().tracking;
      if (row === undefined) throw new Error('Nothing is tracked.');
      return row;
    },
    /** Connects, and begins to read and to write. */
    async begin(): Promise<void> {
      await Promise.all(KEYS.map(raise));
      await redis.connect();
      load.push(write(), read());
    },
    /** Has a key held, with the value `'held'`. */
    async hold(key: string): Promise<void> {
      const pushed = new Set<string>();
      const note = ({ keys }: { keys: readonly string[] | null }): void => {
        for (const each of keys ?? []) pushed.add(each);
      };
      redis.near.on('invalidate', note);
      await outsider.set(key, 'held');
      // Its own push would drop it again.
      await until(() => pushed.has(key), 5_000, `the push of ${key}`);
      redis.near.off('invalidate', note);
      await until(async () => (await redis.get(key)) === 'held' && redis.near.peek(key) === 'held');
    },
    serving: () => until(() => redis.near.state === 'serving', 5_000, 'the cache to serve'),
    /** The near cache noticed: bypass, and the code that it told. */
    toldOf: (code: string) =>
      until(
        () => errors.some((error) => error.code === code),
        5_000,
        `${code}, told were ${errors.map((error) => error.code)}`,
      ),
    /**
     * What holds in the end whatever was said: nobody was told a wrong value, nothing crashed, and with an honest server
     * the cache serves again and holds what Redis holds.
     */
    async expectUnharmed(): Promise<void> {
      meddler.honest();
      meddler.cut();
      if (redis.near.stats().tracking.some(({ state }) => state === 'refused')) await startAnew();
      await until(
        () => redis.near.state === 'serving' && meddler.connections === 1,
        10_000,
        'the cache to serve again',
      );
      await expectNothingWrong();
      for (const key of KEYS) {
        await until(
          async () =>
            (await redis.get(key)) === (await outsider.get(key)) && redis.near.peek(key) !== undefined,
        );
      }
    },
    expectNothingWrong,
    async [Symbol.asyncDispose]() {
      running = false;
      redis.near.close();
      await Promise.allSettled(load);
      if (raw.isOpen) await raw.disconnect();
      await outsider.disconnect();
      await meddler.stop();
      process.off('unhandledRejection', onCrash);
      process.off('uncaughtExceptionMonitor', onCrash);
    },
  };
}

export type HostileRig = Awaited<ReturnType<typeof makeHostileRig>>;
