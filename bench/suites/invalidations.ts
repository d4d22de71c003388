// What a change elsewhere costs, and how soon it is noticed.

import { connect } from 'node:net';
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { bento, nearV6, ownCacheV6, warm } from '../caches.js';
import { microseconds } from '../clock.js';
import { names, PREFIX } from '../names.js';
import { Scribe } from '../scribe.js';
import type { Contestant, Figures, Setting, Suite } from '../suite.js';

const ENTRIES = 100_000;
const ROOM = { maxEntries: 2 * ENTRIES, maxBytes: 2 ** 30 };
const KEYS = names(ENTRIES);

/** Resolves when nothing has changed for a while: all that was under way has arrived. */
async function still(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await delay(150);
  }
}

/** CPU time of this process for every entry dropped. The writer and the server are others. */
async function drops(scribe: Scribe, dropped: () => number): Promise<Figures> {
  const before = dropped();
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  await scribe.write({ kind: 'all', keys: ENTRIES });
  while (dropped() < before + ENTRIES) await delay(1);
  const { user, system } = process.cpuUsage(cpu);
  return { throughput: (dropped() - before) / ((user + system) / 1e6) };
}

export const invalidation: Suite = {
  title: 'Invalidations per CPU second',
  what: 'All of 100 000 held entries are changed by another process, 100 per MSET; CPU time of the process that holds them.',
  metrics: { throughput: { unit: '1/s', better: 'higher' } },
  base: 'redis-near-cache',
  rounds: 7,
  contestants: {
    'redis-near-cache': async ({ url }) => {
      const scribe = await Scribe.start(url);
      await scribe.write({ kind: 'all', keys: ENTRIES });
      const client = await nearV6(url, ROOM);
      const dropped = (): number => {
        const { invalidations = 0, wastedInvalidations = 0 } = client.near.stats().prefixes[PREFIX] ?? {};
        return invalidations - wastedInvalidations;
      };
      return {
        async round() {
          await still(dropped);
          await warm(
            KEYS,
            (key) => client.get(key),
            (key) => client.near.peek(key) !== undefined,
          );
          return drops(scribe, dropped);
        },
        close() {
          scribe.close();
          client.destroy();
        },
      };
    },
    'node-redis 6 clientSideCache': async ({ url }) => {
      const scribe = await Scribe.start(url);
      await scribe.write({ kind: 'all', keys: ENTRIES });
      const client = await ownCacheV6(url, ROOM.maxEntries);
      let count = 0;
      // Its own event, of which it sends one for each key.
      client.cache.on('invalidate', () => count++);
      return {
        async round() {
          await warm(KEYS, (key) => client.get(key));
          return drops(scribe, () => count);
        },
        close() {
          scribe.close();
          client.destroy();
        },
      };
    },
  },
};

const SAMPLES = 500;
const KEY = `${PREFIX}watched`;

/** Writes one key again and again; `seen` resolves with the moment at which a change was seen. */
async function latencies(
  scribe: Scribe,
  watch: () => Promise<number>,
  hold: () => Promise<unknown> = async () => {},
): Promise<Figures> {
  const fromSent = createHistogram();
  const fromAnswer: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    await hold();
    const seen = watch();
    const { answered, sent } = await scribe.write({ kind: 'one', key: KEY, value: `${sample}` });
    const at = await seen;
    fromSent.record(Math.max(1, at - sent));
    fromAnswer.push(at - answered);
  }
  fromAnswer.sort((a, b) => a - b);
  return {
    p50: fromSent.percentile(50),
    p99: fromSent.percentile(99),
    'p99.9': fromSent.percentile(99.9),
    'after OK, p50': fromAnswer[SAMPLES / 2] ?? Number.NaN,
    'after OK, p99': fromAnswer[Math.floor(SAMPLES * 0.99)] ?? Number.NaN,
  };
}

const MICROSECONDS = { unit: 'us', better: 'lower' } as const;

export const latency: Suite = {
  title: 'From a write to the drop',
  what: 'Another process writes a held key; from sending that write to the drop, and from its OK (which may arrive after the drop). The bare socket only looks at the bytes that arrive.',
  metrics: {
    p50: MICROSECONDS,
    p99: MICROSECONDS,
    'p99.9': MICROSECONDS,
    'after OK, p50': MICROSECONDS,
    'after OK, p99': MICROSECONDS,
  },
  base: 'bare socket',
  rounds: 7,
  contestants: {
    'bare socket': async ({ port, url }) => {
      const scribe = await Scribe.start(url);
      const socket = connect(port, '127.0.0.1');
      socket.setNoDelay(true);
      socket.write(`HELLO 3\r\nCLIENT TRACKING ON BCAST NOLOOP PREFIX ${PREFIX}\r\n`);
      await new Promise((resolve) => socket.once('data', resolve));
      await delay(100);
      return {
        round: () =>
          latencies(
            scribe,
            () =>
              new Promise((resolve) => {
                const look = (bytes: Buffer): void => {
                  if (!bytes.includes(KEY)) return;
                  socket.off('data', look);
                  resolve(microseconds());
                };
                socket.on('data', look);
              }),
          ),
        close() {
          scribe.close();
          socket.destroy();
        },
      };
    },
    'redis-near-cache': async ({ url }) => {
      const scribe = await Scribe.start(url);
      const client = await nearV6(url);
      return {
        round: () =>
          latencies(
            scribe,
            () =>
              new Promise((resolve) => {
                client.near.once('invalidate', () => resolve(microseconds()));
              }),
          ),
        close() {
          scribe.close();
          client.destroy();
        },
      };
    },
    'node-redis 6 clientSideCache': async ({ url }) => {
      const scribe = await Scribe.start(url);
      const client = await ownCacheV6(url);
      return {
        round: () =>
          latencies(
            scribe,
            () => new Promise((resolve) => client.cache.once('invalidate', () => resolve(microseconds()))),
            () => client.get(KEY),
          ),
        close() {
          scribe.close();
          client.destroy();
        },
      };
    },
  },
};

const STORM = 2_000;
const MILLISECONDS = { unit: 'ms', better: 'lower' } as const;

/** How late timers come while another process writes as fast as it can. */
async function storm(scribe: Scribe): Promise<Figures> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const { written } = await scribe.write({ kind: 'storm', keys: 10_000, ms: STORM });
  delays.disable();
  return {
    p50: delays.percentile(50) / 1e6 - 1,
    p99: delays.percentile(99) / 1e6 - 1,
    max: delays.max / 1e6 - 1,
    writes: written / (STORM / 1_000),
  };
}

async function stormy(
  { url }: Setting,
  listen: () => Promise<{ destroy(): unknown } | undefined>,
): Promise<Contestant> {
  const scribe = await Scribe.start(url);
  const client = await listen();
  return {
    round: () => storm(scribe),
    close() {
      scribe.close();
      client?.destroy();
    },
  };
}

export const storms: Suite = {
  title: 'A process in a storm of invalidations',
  what: 'Another process writes under the prefix as fast as the server takes it, for two seconds; how late the event loop of the process is that hears of it all.',
  metrics: {
    p50: MILLISECONDS,
    p99: MILLISECONDS,
    max: MILLISECONDS,
    writes: { unit: '1/s', better: 'higher' },
  },
  base: 'nothing tracked',
  rounds: 5,
  contestants: {
    'nothing tracked': (setting) => stormy(setting, async () => undefined),
    'redis-near-cache': (setting) => stormy(setting, () => nearV6(setting.url)),
    'node-redis 6 clientSideCache, nothing held': (setting) => stormy(setting, () => ownCacheV6(setting.url)),
    BentoCache: (setting) =>
      stormy(setting, async () => {
        const cache = bento(setting.url);
        return { destroy: () => cache.disconnectAll() };
      }),
  },
};
