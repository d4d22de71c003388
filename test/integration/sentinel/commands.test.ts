// A wrapped sentinel answers like the bare one, with hits: reads, own writes, transactions, lent connections, views.

import { defineScript, RESP_TYPES } from '@redis/client';
import { beforeEach, describe, expect, test } from 'vitest';
import { call } from '../../support/client.js';
import { calls } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { bare, MAJORS, makeRig, scanned, useSentinelBed } from './sentinel-rig.js';

const bed = await useSentinelBed();
const primary = await bed.primary();
beforeEach(async () => {
  await primary.command('FLUSHALL');
  await primary.command('CONFIG', 'RESETSTAT');
});

const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer };

describe.each(MAJORS)('a sentinel of v%i', (major) => {
  test('reads once from Redis, then from memory, until somebody writes', async () => {
    await primary.command('MSET', 'k:1', 'a', 'k:2', 'b');
    await using rig = await makeRig(major, bed);
    const { redis } = rig;
    for (let i = 0; i < 20; i++) expect(await redis.get('k:1')).toBe('a');
    expect(await redis.mGet(['k:1', 'k:2'])).toEqual(['a', 'b']);
    expect(await calls(primary, 'get')).toBe(1);
    await primary.command('SET', 'k:1', 'c');
    await until(async () => (await redis.get('k:1')) === 'c');
    expect(rig.redis.near.stats().tracking).toMatchObject([
      { node: `127.0.0.1:${primary.port}`, role: 'primary', state: 'armed', answers: true, lag: null },
    ]);
  });

  test('reads its own writes, also those of transactions and pipelines', async () => {
    await using rig = await makeRig(major, bed);
    const { redis } = rig;
    for (let i = 0; i < 50; i++) {
      await redis.set('k:1', `${i}`);
      expect(await redis.get('k:1')).toBe(`${i}`);
      await redis.multi().set('k:1', `m${i}`).get('k:1').exec();
      expect(await redis.get('k:1')).toBe(`m${i}`);
      await redis.multi().set('k:1', `p${i}`).execAsPipeline();
      expect(await redis.get('k:1')).toBe(`p${i}`);
    }
    expect(await redis.del(['k:1'])).toBe(1);
    expect(await redis.get('k:1')).toBe(null);
  });

  test('what use() and acquire() lend writes is seen', async () => {
    await using rig = await makeRig(major, bed);
    const { redis } = rig;
    await redis.set('k:1', 'a');
    await redis.get('k:1');
    await redis.use(async (lent) => {
      await lent.set('k:1', 'b');
      expect(redis.near.peek('k:1')).toBe(undefined);
      await lent.multi().set('k:1', 'c').exec();
    });
    expect(await redis.get('k:1')).toBe('c');
    const lent = await redis.acquire();
    await lent.set('k:1', 'd');
    await lent.release();
    expect(await redis.get('k:1')).toBe('d');
  });

  test('a WATCH on a lent client fails for what others change, and holds nothing back', async () => {
    await using rig = await makeRig(major, bed, {}, { masterPoolSize: 2 });
    const { redis } = rig;
    await redis.set('k:1', '1');
    await until(async () => (await redis.get('k:1')) === '1' && redis.near.peek('k:1') === '1');
    const lent = await redis.acquire();
    await lent.watch('k:1');
    expect(redis.near.peek('k:1')).toBe('1');
    await primary.command('SET', 'k:1', '2');
    await expect(lent.multi().set('k:1', '3').exec()).rejects.toThrow(/watched keys/);
    await lent.watch('k:1');
    expect(await lent.get('k:1')).toBe('2');
    await lent.multi().set('k:1', '3').exec();
    await lent.release();
    expect(await redis.get('k:1')).toBe('3');
  });

  test('views do what those of the bare client do', async () => {
    const plain = bare(major, bed);
    await plain.connect();
    await using rig = await makeRig(major, bed);
    const { redis } = rig;
    await redis.set('k:1', 'a');
    for (const client of [plain, redis]) await client.get('k:1');
    const seen = async (client: typeof plain) => {
      const optioned = client.withCommandOptions({ typeMapping: BYTES });
      const before = [await optioned.get('k:1'), await client.get('k:1')];
      const mapped = client.withTypeMapping(BYTES);
      const after = [await mapped.get('k:1'), await optioned.get('k:1'), await client.get('k:1')];
      return [...before, ...after, await mapped.get('k:1'), await client.get('k:1')];
    };
    expect(await seen(redis)).toEqual(await seen(plain));
    await plain.destroy();
  });

  test('types of its connections are those of its replies', async () => {
    const options = { nodeClientOptions: { commandOptions: { typeMapping: BYTES } } };
    await using rig = await makeRig(major, bed, {}, options);
    await rig.redis.set('k:1', 'a');
    for (let i = 0; i < 5; i++) expect(await rig.redis.get('k:1')).toEqual(Buffer.from('a'));
    await until(async () => Buffer.isBuffer(await rig.redis.get('k:1')) && rig.prefix().hits > 0);
  });

  // Never three commands at a time before: of those, node-redis itself loses one for good.
  test('with two connections no reply overtaken by another is kept', async () => {
    await using rig = await makeRig(major, bed, {}, { masterPoolSize: 2 });
    const { redis } = rig;
    for (let i = 0; i < 100; i++) {
      await Promise.all([redis.get('k:1'), redis.set('k:1', `${i}`)]);
      expect(await redis.get('k:1')).toBe(`${i}`);
    }
    await until(async () => (await redis.get('k:1')) === '99' && rig.prefix().hits > 0);
  });

  test('scripts of the client write what is seen, and a script without keys raises a barrier', async () => {
    const script = {
      ...defineScript({
        NUMBER_OF_KEYS: 1,
        SCRIPT: "return redis.call('SET', KEYS[1], ARGV[1])",
        parseCommand: () => {},
        transformReply: undefined as unknown as () => unknown,
      }),
      parseCommand(
        parser: { pushKey(key: string): void; push(word: string): void },
        key: string,
        to: string,
      ) {
        parser.pushKey(key);
        parser.push(to);
      },
      transformReply: undefined,
    };
    await using rig = await makeRig(major, bed, {}, { scripts: { put: script } });
    for (let i = 0; i < 5; i++) {
      await rig.redis.get('k:1');
      await call(rig.redis, 'put', ['k:1', `${i}`]);
      expect(await rig.redis.get('k:1')).toBe(`${i}`);
    }
    await call(rig.redis, 'eval', ["redis.call('SET', 'k:1', 'hidden')"]);
    expect(await rig.redis.get('k:1')).toBe('hidden');
  });
});

test('v6 puts a keyPrefix before keys: hits, own writes, transactions, lent clients and pushes go by it', async () => {
  await using rig = await makeRig(6, bed, {}, { keyPrefix: 'app:' });
  const { redis } = rig;
  await redis.set('k:1', 'a');
  await until(async () => (await redis.get('k:1')) === 'a' && redis.near.peek('k:1') === 'a');
  await primary.command('SET', 'app:k:1', 'b');
  await until(async () => (await redis.get('k:1')) === 'b');
  await redis.multi().set('k:1', 'c').exec();
  expect(await redis.get('k:1')).toBe('c');
  await redis.use((lent) => lent.set('k:1', 'd'));
  expect(await redis.get('k:1')).toBe('d');
  expect(await primary.command('GET', 'app:k:1')).toBe('d');
});

test('scanIterator of v6 finds what the bare client finds, and nothing is held back meanwhile', async () => {
  await using rig = await makeRig(6, bed);
  await primary.command('MSET', ...Array.from({ length: 200 }, (_, i) => [`k:${i}`, 'x']).flat());
  await until(async () => (await rig.redis.get('k:1')) === 'x' && rig.redis.near.peek('k:1') === 'x');
  const states: string[] = [];
  rig.redis.near.on('state', ({ to }) => states.push(to));
  const found = await scanned(rig.redis, { MATCH: 'k:*', COUNT: 20 });
  expect(new Set(found)).toEqual(new Set(await scanned(rig.raw, { MATCH: 'k:*' })));
  expect(new Set(found).size).toBe(200);
  expect(states).toEqual([]);
});
