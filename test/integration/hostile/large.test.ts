// Honest servers with more than is usual: large values, large names, many prefixes, many keys.

import { createClient } from '@redis/client';
import { type NearCacheOptions, withNearCache } from 'redis-near-cache';
import { expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const MB = 2 ** 20;

const server = await useServer();

async function connect(options: Partial<NearCacheOptions> = {}, url = server.url) {
  const bare = createClient({ url });
  const raw = createClient({ url });
  for (const client of [bare, raw]) client.on('error', () => {});
  const redis = withNearCache(raw, { prefixes: ['k:'], ...options });
  await Promise.all([bare.connect(), redis.connect()]);
  await redis.near.ready();
  return {
    bare,
    redis,
    async [Symbol.asyncDispose]() {
      redis.near.close();
      raw.destroy();
      bare.destroy();
    },
  };
}

function heap(): number {
  if (global.gc === undefined) throw new Error('Memory is measured with --expose-gc.');
  global.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('values of 64 MB are read as they are, held where they fit, and let go', async () => {
  await using rig = await connect({ maxBytes: 100 * MB });
  const before = heap();
  const first = 64 * MB;
  await rig.bare.eval("redis.call('SET', KEYS[1], string.rep('a', ARGV[1])) return 1", {
    keys: ['k:large'],
    arguments: [`${first}`],
  });
  const { near } = rig.redis;
  await until(
    async () => (await rig.redis.get('k:large'))?.length === first && near.peek('k:large') !== undefined,
  );
  expect((await rig.redis.get('k:large')) === (await rig.bare.get('k:large'))).toBe(true);
  expect(near.stats().bytes).toBeGreaterThan(first);
  expect(near.stats().bytes).toBeLessThan(first + MB);
  await rig.bare.append('k:large', 'b');
  await until(() => near.peek('k:large') === undefined);
  expect((await rig.redis.get('k:large')) === (await rig.bare.get('k:large'))).toBe(true);
  await rig.bare.del('k:large');
  await until(async () => (await rig.redis.get('k:large')) === null);
  await until(() => heap() - before < 8 * MB, 5_000, 'the memory to come back');
});

test('a value of 64 MB that is larger than maxBytes is read as it is, and never held', async () => {
  await using rig = await connect();
  const before = heap();
  await rig.bare.eval("redis.call('SET', KEYS[1], string.rep('a', ARGV[1])) return 1", {
    keys: ['k:large'],
    arguments: [`${64 * MB}`],
  });
  for (let round = 0; round < 2; round++) {
    expect((await rig.redis.get('k:large')) === (await rig.bare.get('k:large'))).toBe(true);
    expect(rig.redis.near.stats()).toMatchObject({ entries: 0, bytes: 0 });
  }
  await until(() => heap() - before < 8 * MB, 5_000, 'the memory to come back');
});

test('a name that is too long to be sent is refused as by the bare client', async () => {
  await using rig = await connect();
  const before = heap();
  async function refusalOf(client: typeof rig.bare): Promise<string> {
    // A text can be this long, but not with what goes before it on the wire.
    const name = 'k:'.padEnd(2 ** 29 - 24, 'x');
    return client.get(name).then(String, String);
  }
  const refusals = [await refusalOf(rig.redis), await refusalOf(rig.bare)];
  expect(refusals).toEqual(Array(2).fill('RangeError: Invalid string length'));
  await rig.bare.set('k:1', 'fine');
  await until(async () => (await rig.redis.get('k:1')) === 'fine');
  await until(() => heap() - before < 8 * MB, 5_000, 'the memory to come back');
});

test('a name of 64 MB goes to the server and back, and is never held', async () => {
  await using rig = await connect();
  const before = heap();
  async function read(client: typeof rig.bare): Promise<string | null> {
    return client.get('k:'.padEnd(64 * MB, 'x'));
  }
  await rig.bare.set('k:'.padEnd(64 * MB, 'x'), 'value');
  // Its push is as long as its name.
  await until(() => rig.redis.near.stats().prefixes['k:']?.invalidations === 1);
  expect(await read(rig.redis)).toBe('value');
  expect(await read(rig.redis)).toBe(await read(rig.bare));
  expect(rig.redis.near.stats()).toMatchObject({
    state: 'serving',
    entries: 0,
    bytes: 0,
    prefixes: { 'k:': { hits: 0 } },
  });
  // A client keeps what it wrote last.
  await Promise.all([rig.bare.ping(), rig.redis.ping()]);
  await until(() => heap() - before < 8 * MB, 5_000, 'the memory to come back');
});

test('a name that the server refuses is refused as by the bare client, and costs nothing else', async () => {
  const strict = await RedisServer.start('--proto-max-bulk-len', '1mb');
  try {
    await using rig = await connect({}, strict.url);
    const name = 'k:'.padEnd(2 * MB, 'x');
    // The server ends the connection; whose turn it was then is a matter of time.
    await expect(rig.bare.get(name)).rejects.toThrow();
    await expect(rig.redis.get(name)).rejects.toThrow();
    await until(() => rig.bare.isReady && rig.redis.isReady);
    await rig.bare.set('k:1', 'fine');
    await until(async () => (await rig.redis.get('k:1')) === 'fine' && rig.redis.near.peek('k:1') === 'fine');
    expect(rig.redis.near.stats().entries).toBe(1);
  } finally {
    await strict.stop();
  }
});

test('a thousand prefixes are all tracked, and nothing else is', async () => {
  const names = Array.from({ length: 1_000 }, (_, at) => `p${at}:`);
  const began = performance.now();
  await using rig = await connect({ prefixes: names });
  process.stdout.write(`1 000 prefixes: serving after ${Math.round(performance.now() - began)} ms\n`);
  const { near } = rig.redis;
  await Promise.all(names.map((name) => rig.redis.get(`${name}x`)));
  expect(near.stats().entries).toBe(1_000);
  await rig.redis.get('p:x');
  expect(near.peek('p:x')).toBeUndefined();
  await Promise.all(names.map((name) => rig.bare.set(`${name}x`, name)));
  await until(() => near.stats().entries === 0, 5_000, 'every prefix to be heard of');
  expect(await Promise.all(names.map((name) => rig.redis.get(`${name}x`)))).toEqual(names);
  // Each more is one more command to the server; one that covers the others starts a new session.
  await near.register('q:');
  await near.register('p');
  await rig.bare.set('p7:x', 'new');
  expect(await rig.redis.get('p7:x')).toBe('new');
  await rig.redis.get('p:x');
  expect(near.peek('p:x')).toBeNull();
  expect(near.stats().state).toBe('serving');
});

test('a million distinct keys stay inside maxEntries, and so does the heap', async () => {
  // Without a question for each key's expiry, which makes no difference to what is held.
  await using rig = await connect({ maxEntries: 10_000, serverTtl: false });
  const { near } = rig.redis;
  const batch = 2_000;
  const read = (from: number) =>
    rig.redis.mGet(Array.from({ length: batch }, (_, at) => `k:some name of usual length:${from + at}`));
  await read(-20_000);
  const full = heap();
  const began = performance.now();
  for (let from = 0; from < 1_000_000; from += 4 * batch)
    await Promise.all([0, 1, 2, 3].map((at) => read(from + at * batch)));
  const took = performance.now() - began;
  expect(near.stats().entries).toBeLessThanOrEqual(10_000);
  const grown = heap() - full;
  process.stdout.write(
    `1 000 000 keys in ${Math.round(took)} ms, heap grew by ${(grown / MB).toFixed(1)} MB\n`,
  );
  expect(grown).toBeLessThan(10 * MB);
  await rig.bare.set('k:some name of usual length:999999', 'new');
  await until(() => near.peek('k:some name of usual length:999999') === undefined);
});
