// What once broke with the clients of node-redis v5 and v6, their pools and their views, each named after its symptom.

import { createClient, createClientPool, RESP_TYPES } from '@redis/client';
import { createClient as createV5, createClientPool as createV5Pool } from 'redis-client-v5';
import { type NearCacheOptions, withNearCache } from 'redis-near-cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectPlain, type PlainClient } from '../support/rig.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();
const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;
const OPTIONS: NearCacheOptions = { prefixes: ['k:'] };

let outsider: PlainClient;
beforeEach(async () => {
  outsider = await connectPlain(server.url);
  await outsider.flushAll();
});
afterEach(() => outsider.disconnect());

/** Until a read is answered from memory: pushes of writes just before may come in between. */
async function fromMemory<T>(
  redis: { near: { stats(): { prefixes: Readonly<Record<string, { hits: number }>> } } },
  read: () => Promise<T>,
): Promise<T> {
  const hits = (): number => redis.near.stats().prefixes['k:']?.hits ?? 0;
  let reply = await read();
  await until(async () => {
    const before = hits();
    reply = await read();
    return hits() > before;
  });
  return reply;
}

describe('a client with reply types of its own', () => {
  // A new object for each, because clients write into it.
  const typed = () => ({ url: server.url, commandOptions: { typeMapping: BYTES } });
  const kinds = [
    ['v6', () => createClient(typed())],
    ['v5', () => createV5(typed())],
    ['a v6 pool', () => createClientPool(typed())],
    ['a v5 pool', () => createV5Pool(typed())],
  ] as const;

  test.each(kinds)('%s gives each view its own types, and each reader bytes of its own', async (_, make) => {
    await outsider.set('k:a', 'v');
    await using bare = await disposable(make() as ReturnType<typeof createClient>);
    await using redis = withNearCache(make() as ReturnType<typeof createClient>, OPTIONS);
    await redis.connect();
    await redis.near.ready();
    for (const view of [
      (client: ReturnType<typeof createClient>) => client,
      (client: ReturnType<typeof createClient>) => client.withTypeMapping({}),
      (client: ReturnType<typeof createClient>) => client.withCommandOptions({}),
    ]) {
      const expected = await view(bare.client).get('k:a');
      for (let round = 0; round < 3; round++) expect(await view(redis).get('k:a')).toEqual(expected);
    }
    const first = (await fromMemory(redis, () => redis.get('k:a'))) as unknown as Buffer;
    first[0] = 88;
    const peeked = redis.near.peek('k:a') as unknown as Buffer;
    peeked[0] = 88;
    const both = await Promise.all([redis.get('k:a'), redis.get('k:a')]);
    expect(both).toEqual([Buffer.from('v'), Buffer.from('v')]);
    expect(both[0]).not.toBe(both[1]);
  });
});

async function disposable(client: ReturnType<typeof createClient>) {
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

describe('replies that are made by functions of the user', () => {
  class Money {
    constructor(readonly amount: number) {}
  }
  type Parser = { push(...args: string[]): void; pushKey(key: string): void; preserve: unknown };
  const modules = {
    mod: {
      money: {
        parseCommand(parser: Parser, key: string) {
          parser.push('GET');
          parser.pushKey(key);
        },
        transformReply: (reply: string) => new Money(Number(reply)),
      },
      revived: {
        parseCommand(parser: Parser, key: string, revive?: (value: string) => string) {
          parser.push('GET');
          parser.pushKey(key);
          parser.preserve = revive;
        },
        transformReply: (reply: string, revive?: (value: string) => string) => revive?.(reply) ?? reply,
      },
    },
  };

  test('reach every reader as what they are', async () => {
    await outsider.set('k:a', '7');
    await using redis = withNearCache(createClient({ url: server.url, modules }), OPTIONS);
    await redis.connect();
    await redis.near.ready();
    const replies = await Promise.all([
      redis.mod.money('k:a'),
      redis.mod.money('k:a'),
      redis.mod.money('k:a'),
    ]);
    for (const reply of replies) expect(reply).toStrictEqual(new Money(7));
    expect(replies[0]).not.toBe(replies[1]);
  });

  test('are not those of another function', async () => {
    await outsider.set('k:a', 'v');
    await using redis = withNearCache(createClient({ url: server.url, modules }), OPTIONS);
    await redis.connect();
    await redis.near.ready();
    await fromMemory(redis, () => redis.mod.revived('k:a'));
    expect(await redis.mod.revived('k:a', (value) => `${value}!`)).toBe('v!');
    expect(await redis.mod.revived('k:a', (value) => `${value}?`)).toBe('v?');
    expect(await redis.mod.revived('k:a')).toBe('v');
  });
});

test('a hash with a field named __proto__ can be read in any types', async () => {
  await outsider.sendCommand(['HSET', 'k:p', '__proto__', 'x', 'f', 'z']);
  await using bare = await disposable(createClient({ url: server.url }));
  await using redis = withNearCache(createClient({ url: server.url }), OPTIONS);
  await redis.connect();
  await redis.near.ready();
  const expected = await bare.client.withTypeMapping(BYTES).hGetAll('k:p');
  for (let round = 0; round < 3; round++) {
    const reply = await redis.withTypeMapping(BYTES).hGetAll('k:p');
    expect(Buffer.from(reply.f ?? '')).toEqual(Buffer.from('z'));
    expect(Object.keys(reply)).toEqual(Object.keys(expected));
  }
});

describe('one process never sees a key go back in time, though the newer reply was not stored:', () => {
  test('on a pool, where replies come in no order', async () => {
    const data = await TcpProxy.start(server.port);
    const tracking = await TcpProxy.start(server.port);
    const pool = createClientPool({ url: data.url }, { minimum: 2, maximum: 2 });
    pool.on('error', () => {});
    await using redis = withNearCache(pool, { ...OPTIONS, tracking: { url: tracking.url } });
    await redis.connect();
    await redis.near.ready();
    await outsider.set('k:v', 'old');
    await until(() => redis.near.stats().prefixes['k:']?.invalidations === 1);
    tracking.hold('down');
    data.hold('down');
    const early = redis.get('k:v');
    await until(() => data.held('down') > 0);
    await outsider.set('k:v', 'newer');
    const before = data.held('down');
    const late = redis.mGet(['k:v']);
    await until(() => data.held('down') > before);
    data.release('down');
    expect([await early, await late]).toEqual(['old', ['newer']]);
    expect(await redis.get('k:v')).toBe('newer');
    tracking.release('down');
    redis.near.close();
    await Promise.all([data.stop(), tracking.stop()]);
  });

  test('where missing keys are not remembered', async () => {
    const tracking = await TcpProxy.start(server.port);
    await outsider.hSet('k:h', 'f', '1');
    await using redis = withNearCache(createClient({ url: server.url }), {
      prefixes: [{ prefix: 'k:', cacheNil: false }],
      tracking: { url: tracking.url },
    });
    await redis.connect();
    await redis.near.ready();
    await fromMemory(redis, () => redis.hGetAll('k:h'));
    tracking.hold('down');
    await outsider.del('k:h');
    expect(await redis.hGet('k:h', 'f')).toBeNull();
    expect(await redis.hGetAll('k:h')).toEqual({});
    tracking.release('down');
    await tracking.stop();
  });
});

test('connect() of a view resolves to the view', async () => {
  await outsider.set('k:a', 'v');
  const redis = withNearCache(createClient({ url: server.url }), OPTIONS);
  const bytes = await redis.withTypeMapping(BYTES).connect();
  expect(await bytes.get('k:a')).toEqual(Buffer.from('v'));
  await redis.close();
});

describe('a pool', () => {
  test('that is busy when it is wrapped is tracked as soon as it is not', async () => {
    const pool = createClientPool({ url: server.url }, { maximum: 1, acquireTimeout: 50 });
    await pool.connect();
    const blocked = pool.blPop('none', 0);
    const redis = withNearCache(pool, { ...OPTIONS, heartbeat: 20 });
    await until(() => redis.near.stats().state === 'connecting');
    await outsider.lPush('none', 'x');
    await blocked;
    await redis.near.ready();
    await redis.close();
  });

  test('that is connected and closed past the wrapper is followed', async () => {
    await outsider.set('k:a', 'v');
    const pool = createClientPool({ url: server.url });
    const redis = withNearCache(pool, OPTIONS);
    await pool.connect();
    expect(await redis.get('k:a')).toBe('v');
    await redis.near.ready();
    await fromMemory(redis, () => redis.get('k:a'));
    await pool.close();
    await expect(redis.get('k:a')).rejects.toThrow('closed');
    expect(redis.near.state).toBe('closed');
  });
});

test('credentials that are asked for are asked for by the tracking connection too', async () => {
  await server.command('ACL', 'SETUSER', 'asked', 'on', '>secret', '~*', '&*', '+@all');
  const credentials = async () => ({ username: 'asked', password: 'secret' });
  const credentialsProvider = { type: 'async-credentials-provider', credentials } as const;
  await using redis = withNearCache(createV5({ url: server.url, credentialsProvider }), OPTIONS);
  await redis.connect();
  await redis.near.ready();
  expect(String(await server.command('CLIENT', 'LIST'))).toMatch(/near-cache:tracking.* user=asked /);
});
