// `near.namespace()`: typed values, decoded once for each reply that is stored, checked, frozen.

import { json, type Namespace, NearCacheError } from 'redis-near-cache';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { makeRig, type Rig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();

interface Product {
  name: string;
  prices: number[];
}
const TEAPOT: Product = { name: 'teapot', prices: [1, 2] };
const CUP: Product = { name: 'cup', prices: [] };

let rig: Rig;
let decoded: number;
let products: Namespace<Product>;
/** JSON that counts how often it is decoded. */
const counting = {
  ...json,
  decode<T>(text: string): T {
    decoded++;
    return json.decode<T>(text);
  },
};

beforeEach(async () => {
  rig = await makeRig(server);
  decoded = 0;
  products = rig.redis.near.namespace<Product>('k:product:', { codec: counting });
  await rig.outsider.set('k:product:1', JSON.stringify(TEAPOT));
  await rig.outsider.set('k:product:2', JSON.stringify(CUP));
  await until(() => rig.prefix().invalidations >= 2);
});
afterEach(() => rig[Symbol.asyncDispose]());

/** Until a reply was stored: pushes of writes just before may come in between. */
const warm = (id: string): Promise<void> =>
  until(async () => {
    await products.get(id);
    return products.peek(id) !== undefined;
  });

describe('a hit', () => {
  test('is the very object that was decoded when its reply was stored, frozen through and through', async () => {
    await warm('1');
    const before = decoded;
    const first = await products.get('1');
    expect(first).toEqual(TEAPOT);
    expect(await products.get('1')).toBe(first);
    expect(products.peek('1')).toBe(first);
    expect(decoded).toBe(before);
    expect(Object.isFrozen(first) && Object.isFrozen(first?.prices)).toBe(true);
    expect(() => first?.prices.push(3)).toThrow(TypeError);
  });

  test('is counted', async () => {
    await warm('1');
    const before = rig.prefix().hits;
    await products.get('1');
    expect(rig.prefix().hits).toBe(before + 1);
  });

  test('ends with a write of anybody', async () => {
    await warm('1');
    await rig.outsider.set('k:product:1', JSON.stringify(CUP));
    await until(async () => (await products.get('1'))?.name === 'cup');
    await rig.redis.set('k:product:1', JSON.stringify(TEAPOT));
    expect(await products.get('1')).toEqual(TEAPOT);
    await products.set('1', CUP);
    expect(await products.get('1')).toEqual(CUP);
    expect(await products.del('1')).toBe(1);
    expect(await products.get('1')).toBeNull();
  });
});

test('many who wait for one reply share one decoded object', async () => {
  const values = await Promise.all(Array.from({ length: 50 }, () => products.get('1')));
  expect(decoded).toBe(1);
  for (const value of values) expect(value).toBe(values[0]);
});

test('a missing key is null, from memory too', async () => {
  expect(products.peek('none')).toBeUndefined();
  expect(await products.get('none')).toBeNull();
  expect(products.peek('none')).toBeNull();
});

test('getMany() keeps the order, and fetches only what is not held', async () => {
  await warm('2');
  expect(await products.getMany(['1', 'none', '2', '1'])).toEqual([TEAPOT, null, CUP, TEAPOT]);
  const before = decoded;
  const again = await products.getMany(['2', '1']);
  expect(again).toEqual([CUP, TEAPOT]);
  expect(decoded).toBe(before);
  expect(await products.getMany([])).toEqual([]);
});

test('set() takes an expiry', async () => {
  await products.set('3', CUP, { ttl: 50_000 });
  expect(await rig.outsider.pTTL('k:product:3')).toBeGreaterThan(40_000);
  expect(await products.get('3')).toEqual(CUP);
  expect(await products.del(['1', '3', 'none'])).toBe(2);
});

test('set() refuses options that are none', async () => {
  for (const options of [{ EX: 60 }, { ttl: 'x' }, { ttl: 1.5 }]) {
    await expect(products.set('9', CUP, options as never)).rejects.toMatchObject({ code: 'ERR_NEAR_OPTION' });
  }
  expect(await rig.outsider.exists('k:product:9')).toBe(0);
});

test('two codecs of one key do not meet', async () => {
  const texts = rig.redis.near.namespace<string>('k:product:', {
    codec: { decode: (text) => text, encode: (text) => text },
  });
  await warm('1');
  expect(await texts.get('1')).toBe(JSON.stringify(TEAPOT));
  expect(await products.get('1')).toEqual(TEAPOT);
  expect(await texts.get('1')).toBe(JSON.stringify(TEAPOT));
});

test('what cannot be decoded is an error with a code, and no hit afterwards', async () => {
  await rig.outsider.set('k:product:1', '{');
  await until(() => rig.prefix().invalidations >= 3);
  for (let round = 0; round < 2; round++) {
    await expect(products.get('1')).rejects.toMatchObject({
      code: 'ERR_NEAR_DECODE',
      cause: expect.any(SyntaxError),
      message: expect.stringContaining('"k:product:1"'),
    });
  }
  await expect(products.getMany(['2', '1'])).rejects.toBeInstanceOf(NearCacheError);
});

describe('a schema', () => {
  const schema = z.object({ name: z.string(), prices: z.array(z.number()) });

  test('lets through what follows it, and is asked once for each reply that is stored', async () => {
    const checked = rig.redis.near.namespace('k:product:', { schema });
    expectTypeOf(checked.get).returns.toEqualTypeOf<Promise<Product | null>>();
    await until(async () => {
      expect(await checked.get('1')).toEqual(TEAPOT);
      return checked.peek('1') !== undefined;
    });
    expect(await checked.get('1')).toBe(checked.peek('1'));
  });

  test('refuses what does not, read or written', async () => {
    const checked = rig.redis.near.namespace<Product>('k:product:', { schema });
    await rig.outsider.set('k:product:1', '{"name":1,"prices":[]}');
    await until(() => rig.prefix().invalidations >= 3);
    await expect(checked.get('1')).rejects.toMatchObject({
      code: 'ERR_NEAR_SCHEMA',
      message: expect.stringMatching(/k:product:1.*name: /),
    });
    await expect(checked.set('2', { name: 'x' } as Product)).rejects.toMatchObject({
      code: 'ERR_NEAR_SCHEMA',
    });
    expect(await rig.outsider.get('k:product:2')).toBe(JSON.stringify(CUP));
  });

  test('may take its time', async () => {
    const slow = schema.refine(async () => true);
    const checked = rig.redis.near.namespace<Product>('k:product:', { schema: slow });
    expect(await checked.get('1')).toEqual(TEAPOT);
  });

  test('and codec may come with the prefix', async () => {
    await rig.redis.near.register({ prefix: 'k:typed:', codec: counting, schema });
    const typed = rig.redis.near.namespace<Product>('k:typed:');
    await typed.set('1', CUP);
    expect(await typed.get('1')).toEqual(CUP);
    expect(decoded).toBe(1);
    await expect(typed.set('1', {} as Product)).rejects.toMatchObject({ code: 'ERR_NEAR_SCHEMA' });
  });
});

test('a namespace outside of the registered prefixes is refused, and so are options that are none', () => {
  const { near } = rig.redis;
  expect(() => near.namespace('elsewhere:')).toThrow(expect.objectContaining({ code: 'ERR_NEAR_PREFIX' }));
  for (const options of [{ codec: {} }, { schema: {} }, { codecs: json }]) {
    expect(() => near.namespace('k:', options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_NEAR_OPTION' }),
    );
  }
});
