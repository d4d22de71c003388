// What TypeScript sees: the wrapped client has every type of the client it was made from, in every major, and nothing
// becomes `any`. The checker does the work; at run time these tests only wrap clients that never connect.

import { createClientPool, createClient as createV6, RESP_TYPES } from '@redis/client';
import { commandOptions, createClient as createV4 } from 'redis-client-v4';
import { createClient as createV5, createClientPool as createV5Pool } from 'redis-client-v5';
import {
  json,
  type Namespace,
  type NearCache,
  type NearCacheError,
  type NearCacheOptions,
  type NearState,
  type NearStats,
  withNearCache,
} from 'redis-near-cache';
import { createClient as createRedis4 } from 'redis-v4';
import { createClient as createRedis5 } from 'redis-v5';
import { createClient as createRedis6 } from 'redis-v6';
import { describe, expectTypeOf, test } from 'vitest';

const options: NearCacheOptions = { prefixes: ['k:'] };
const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

describe('a wrapped client has every type of the client, of', () => {
  test('v4', () => {
    const client = createV4();
    const redis = withNearCache(client, options);
    expectTypeOf(redis).toExtend<typeof client>();
    expectTypeOf(redis.get).toEqualTypeOf(client.get);
    expectTypeOf(redis.zRangeWithScores).toEqualTypeOf(client.zRangeWithScores);
    expectTypeOf(redis.multi).toEqualTypeOf(client.multi);
    const bytes = () => redis.get(commandOptions({ returnBuffers: true }), 'k');
    expectTypeOf(bytes).returns.resolves.toEqualTypeOf<Buffer | null>();
    const text = () => redis.get('k');
    expectTypeOf(text).returns.resolves.toEqualTypeOf<string | null>();
  });

  test('v5', () => {
    const client = createV5();
    const redis = withNearCache(client, options);
    expectTypeOf(redis).toExtend<typeof client>();
    expectTypeOf(redis.get).toEqualTypeOf(client.get);
    expectTypeOf(redis.hGetAll).toEqualTypeOf(client.hGetAll);
    expectTypeOf(redis.multi).toEqualTypeOf(client.multi);
  });

  test('v6, in other reply types too', () => {
    const client = createV6();
    const redis = withNearCache(client, options);
    expectTypeOf(redis).toExtend<typeof client>();
    expectTypeOf(redis.get).toEqualTypeOf(client.get);
    const text = () => redis.get('k');
    expectTypeOf(text).returns.resolves.toEqualTypeOf<string | null>();
    const bytes = () => redis.withTypeMapping(BYTES).get('k');
    expectTypeOf(bytes).returns.resolves.toEqualTypeOf<Buffer | null>();
  });

  test('pools', () => {
    const pool = createClientPool();
    const redis = withNearCache(pool, options);
    expectTypeOf(redis).toExtend<typeof pool>();
    expectTypeOf(redis.get).toEqualTypeOf(pool.get);
    expectTypeOf(redis.execute).toEqualTypeOf(pool.execute);
    expectTypeOf(withNearCache(createV5Pool(), options).near).toEqualTypeOf<NearCache>();
  });

  test('the umbrella packages with their modules', () => {
    const [four, five, six] = [createRedis4(), createRedis5(), createRedis6()];
    expectTypeOf(withNearCache(four, options).json.get).toEqualTypeOf(four.json.get);
    expectTypeOf(withNearCache(five, options).json.get).toEqualTypeOf(five.json.get);
    expectTypeOf(withNearCache(six, options).json.get).toEqualTypeOf(six.json.get);
  });
});

test('connect() resolves to the wrapped client', () => {
  const redis = withNearCache(createV6(), options);
  const near = async (): Promise<unknown> => (await redis.connect()).near;
  expectTypeOf(near).toBeFunction();
});

test('near is typed, and nothing of it is any', () => {
  const { near } = withNearCache(createV6(), options);
  expectTypeOf(near.state).toEqualTypeOf<NearState>();
  expectTypeOf(near.stats()).toEqualTypeOf<NearStats>();
  expectTypeOf(near.peek('k')).toEqualTypeOf<string | null | undefined>();
  near.on('error', (error) => expectTypeOf(error).toEqualTypeOf<NearCacheError>());
  near.on('state', (event) => expectTypeOf(event.to).toEqualTypeOf<NearState>());
  near.on('invalidate', ({ keys }) => expectTypeOf(keys).toEqualTypeOf<readonly string[] | null>());
  // @ts-expect-error -- no such event
  near.on('stat', () => {});
  const products = near.namespace<{ name: string }>('k:', { codec: json });
  expectTypeOf(products).toEqualTypeOf<Namespace<{ name: string }>>();
  expectTypeOf(products.get).returns.resolves.toEqualTypeOf<{ name: string } | null>();
  // @ts-expect-error -- another type of value
  const wrong = () => products.set('1', { title: 'x' });
  expectTypeOf(wrong).toBeFunction();
  expectTypeOf(near.namespace('k:').get).returns.resolves.toBeUnknown();
});

test('what is no client is refused by the checker', () => {
  // @ts-expect-error -- no client
  const wrong = () => withNearCache({}, options);
  // @ts-expect-error -- no such option
  const mistyped = () => withNearCache(createV6(), { prefix: ['k:'] });
  expectTypeOf([wrong, mistyped]).toBeArray();
});
