// `npm run test:heap`: an hour's churn at full speed, and whether the heap stays where it was. An hour is what a process does that
// reads 1 000 times a second, is told of 100 changes a second, loses its session every 10 s, and registers a prefix every
// minute. Exits with 1 if the heap ends more than 5 % above its plateau.

import { createClient } from '@redis/client';
import { withNearCache } from '../../src/index.js';
import { seeded } from '../model/seeded.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const READS = 3_600_000;
const CHANGES = 360_000;
const LOSSES = 360;
const PREFIXES = 60;
/** The hour is done in so many parts, with a look at the heap after each. The first fill the cache. */
const PARTS = 60;
const WARM = 10;
const KEYS = 20_000;
const ALLOWED = 1.05;

const { gc } = globalThis;
if (gc === undefined) throw new Error('Run this with --expose-gc.');
const seed = Number(process.env.SEED ?? (Date.now() % 1_000_000) + 1);
const random = seeded(seed);
const server = await RedisServer.start();
const writer = createClient({ url: server.url });
const redis = withNearCache(createClient({ url: server.url }), {
  prefixes: ['k:'],
  maxEntries: 5_000,
  tracking: { reconnectStrategy: 1 },
});
try {
  await Promise.all([writer.connect(), redis.connect()]);
  await redis.near.ready();
  const started = performance.now();
  const heaps: number[] = [];
  for (let part = 1; part <= PARTS; part++) {
    await churn(part);
    heaps.push(await heap());
    if (part % 5 === 0)
      say(`${part} of ${PARTS} parts, ${seconds(started)} s: ${mebibytes(heaps.at(-1) ?? 0)} MiB of heap`);
  }
  const plateau = median(heaps.slice(WARM, 2 * WARM));
  const end = median(heaps.slice(-WARM));
  const { hitRatio } = redis.near.stats().prefixes['k:'] ?? { hitRatio: 0 };
  const growth = ((end / plateau - 1) * 100).toFixed(2);
  say(
    `seed ${seed}: ${READS} reads (hit ratio ${hitRatio.toFixed(2)}), ${CHANGES} changes, ${LOSSES} lost sessions and ` +
      `${PREFIXES} prefixes in ${seconds(started)} s`,
  );
  say(`heap: ${mebibytes(plateau)} MiB after a third, ${mebibytes(end)} MiB at the end: ${growth} %`);
  process.exitCode = end <= plateau * ALLOWED ? 0 : 1;
} finally {
  await redis.close();
  await writer.close();
  await server.stop();
}

async function churn(part: number): Promise<void> {
  for (let loss = 0; loss < LOSSES / PARTS; loss++) {
    await readAndChange(READS / LOSSES, CHANGES / LOSSES);
    const { epoch } = tracking();
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes', 'ID', `${await trackingId()}`);
    await until(() => tracking().epoch > epoch && redis.near.state === 'serving', 10_000, 'another session');
  }
  for (let prefix = 0; prefix < PREFIXES / PARTS; prefix++) {
    await redis.near.register(`k:${part}:`);
    await redis.near.unregister(`k:${part}:`);
  }
}

/** Some keys are read far more often than others, some by another command, some reads are given up. */
async function readAndChange(reads: number, changes: number): Promise<void> {
  const batch = 200;
  for (let done = 0; done < reads; done += batch) {
    const given = new AbortController();
    const asked = Array.from({ length: batch }, () => {
      const key = `k:${Math.floor(random() ** 4 * KEYS)}`;
      const kind = random();
      if (kind < 0.9) return redis.get(key);
      if (kind < 0.98) return redis.strLen(key);
      return redis
        .withAbortSignal(given.signal)
        .get(key)
        .catch(() => null);
    });
    const written = Array.from({ length: (changes * batch) / reads }, () =>
      writer.set(`k:${Math.floor(random() * KEYS)}`, 'x'.repeat(Math.floor(random() * 200))),
    );
    given.abort();
    await Promise.all([...asked, ...written]);
  }
}

function tracking() {
  const [row] = redis.near.stats().tracking;
  if (row === undefined) throw new Error('Nothing is tracked.');
  return row;
}

async function trackingId(): Promise<string> {
  const list = String(await server.command('CLIENT', 'LIST'));
  const line = list.split('\n').find((each) => each.includes(':tracking '));
  return /id=(\d+)/.exec(line ?? '')?.[1] ?? '0';
}

async function heap(): Promise<number> {
  // What the last turn left behind is let go of in the next.
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc?.();
  }
  return process.memoryUsage().heapUsed;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(2);
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 1_000);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
