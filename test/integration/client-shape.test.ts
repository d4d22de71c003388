// The wrapped client is the client: its type, methods, properties, events, modules; and bad clients are told so.

import { EventEmitter, once } from 'node:events';
import { inspect } from 'node:util';
import { createClient as createV6 } from '@redis/client';
import { createClient, defineScript, type RedisClientType } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { makeRig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();

describe('the wrapped client', () => {
  test('has every property of the client, under the same kind', async () => {
    await using rig = await makeRig(server);
    for (let level: object = rig.raw; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
      for (const name of Object.getOwnPropertyNames(level)) {
        const own = Object.getOwnPropertyDescriptor(level, name);
        if (own?.get !== undefined) continue;
        expect(typeof Reflect.get(rig.redis, name), name).toBe(typeof Reflect.get(rig.raw, name));
      }
    }
    expect(rig.redis).toBeInstanceOf(rig.raw.constructor);
    expect(rig.redis).toBeInstanceOf(EventEmitter);
  });

  test('answers getters from the client', async () => {
    await using rig = await makeRig(server);
    expect(rig.redis.isOpen).toBe(true);
    expect(rig.redis.isReady).toBe(true);
    expect(rig.redis.isPubSubActive).toBe(false);
    expect(rig.redis.options).toBe(rig.raw.options);
    expect(() => rig.redis.v4).toThrow('legacy');
  });

  test('shares its events and chains itself', async () => {
    await using rig = await makeRig(server);
    let pings = 0;
    expect(rig.redis.on('custom', () => pings++)).toBe(rig.redis);
    rig.raw.emit('custom');
    expect(pings).toBe(1);
    const seen = once(rig.redis, 'custom');
    rig.redis.emit('custom', 42);
    expect(await seen).toEqual([42]);
    expect(rig.redis.removeAllListeners('custom')).toBe(rig.redis);
  });

  test('does pub/sub, iterators, transactions and duplicate() as the client does', async () => {
    await using rig = await makeRig(server);
    const { redis } = rig;
    await redis.mSet({ 'k:1': 'a', 'k:2': 'b' });
    const keys: string[] = [];
    for await (const key of redis.scanIterator({ MATCH: 'k:*' })) keys.push(key);
    expect(keys.sort()).toEqual(['k:1', 'k:2']);
    expect(await redis.multi().get('k:1').incr('n').exec()).toEqual(['a', 1]);
    await expect(redis.multi().incr('k:1').exec()).rejects.toThrow();
    await expect(redis.multi().exec()).resolves.toEqual([]);
    const subscriber = redis.duplicate();
    await subscriber.connect();
    const messages: string[] = [];
    await subscriber.subscribe('channel', (message) => messages.push(message));
    await redis.publish('channel', 'hello');
    await until(() => messages.length === 1);
    await subscriber.quit();
  });

  test('runs scripts, functions and modules the client was created with, and sees what they write', async () => {
    const set = {
      FIRST_KEY_INDEX: 1,
      transformArguments: (key: string, value: string) => ['SET', key, value],
      transformReply: (reply: string) => `${reply}!`,
    };
    const raw = createClient({
      url: server.url,
      scripts: {
        put: defineScript({
          NUMBER_OF_KEYS: 1,
          SCRIPT: "return redis.call('SET', KEYS[1], ARGV[1])",
          transformArguments: (key: string, value: string) => [key, value],
        }),
      },
      modules: { custom: { set } },
    });
    raw.on('error', () => {});
    await using redis = withNearCache(raw, { prefixes: ['k:'] });
    await redis.connect();
    expect(await redis.get('k:1')).toBeNull();
    await redis.put('k:1', 'by script');
    expect(await redis.get('k:1')).toBe('by script');
    expect(await redis.custom.set('k:1', 'by module')).toBe('OK!');
    expect(await redis.get('k:1')).toBe('by module');
    expect(await redis.multi().put('k:1', 'by multi').exec()).toEqual(['OK']);
    expect(await redis.get('k:1')).toBe('by multi');
  });

  test('prints briefly, without entries or credentials', async () => {
    const raw = createClient({ url: `redis://user:hunter2@127.0.0.1:${server.port}` });
    const redis = withNearCache(raw, { prefixes: ['k:'] });
    expect(inspect(redis.near)).toBe("NearCache { state: 'connecting', entries: 0 }");
    expect(inspect(redis)).not.toContain('hunter2');
  });

  test('keeps the type of the client', () => {
    const raw = createClient({ url: server.url });
    const redis = withNearCache(raw, { prefixes: ['k:'] });
    expectTypeOf(redis).toExtend<typeof raw>();
    const reads = {
      get: () => redis.get('k'),
      hGetAll: () => redis.hGetAll('k'),
      connect: () => redis.connect(),
    };
    expectTypeOf(reads.get).returns.resolves.toEqualTypeOf<string | null>();
    expectTypeOf(reads.hGetAll).returns.resolves.toEqualTypeOf<{ [x: string]: string }>();
    expectTypeOf(reads.connect).returns.resolves.toEqualTypeOf<typeof redis>();
    expectTypeOf(redis.near.peek('k')).toEqualTypeOf<string | null | undefined>();
    const takes = (client: RedisClientType) => client.isOpen;
    expect(takes(withNearCache(createClient() as RedisClientType, { prefixes: ['k:'] }))).toBe(false);
  });
});

describe('what is no client is told so', () => {
  const bad: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    'a string': 'redis://localhost',
    'an empty object': {},
    'an event emitter': new EventEmitter(),
    'a promise of a client': Promise.resolve({}),
    'a client in legacy mode': createClient({ legacyMode: true }),
    'a client with a cache of its own': createV6({ clientSideCache: { maxEntries: 10 } }),
    'a wrapped client': withNearCache(createClient(), { prefixes: ['k:'] }),
  };
  test.each(Object.entries(bad))('%s', (_, client) => {
    expect(() => withNearCache(client as ReturnType<typeof createClient>, { prefixes: ['k:'] })).toThrow(
      expect.objectContaining({ name: 'NearCacheError', code: 'ERR_NEAR_CLIENT' }),
    );
  });
});
