// `near.loader()` in one process: what is asked where, what lies in Redis, and what its options do.

import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis-client-v4';
import { json, type Loader, type LoaderOptions, NearCacheError, withNearCache } from 'redis-near-cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { calls, connectPlain, type PlainClient } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

interface Product {
  readonly name: string;
}

function connectNear() {
  const raw = createClient({ url: server.url });
  raw.on('error', () => {});
  return withNearCache(raw, { prefixes: ['k:'] });
}

let redis: ReturnType<typeof connectNear>;
let outsider: PlainClient;
let rows: Map<string, Product | null>;
/** Ids, as `load` was asked for them. */
let asked: string[];
let batches: string[][];
let load: LoaderOptions<Product>['load'];

beforeEach(async () => {
  redis = connectNear();
  await redis.connect();
  await redis.near.ready();
  outsider = await connectPlain(server.url);
  asked = [];
  batches = [];
  rows = new Map([
    ['1', { name: 'teapot' }],
    ['2', { name: 'cup' }],
    ['3', { name: 'saucer' }],
  ]);
  load = (id) => {
    asked.push(id);
    return rows.get(id) ?? null;
  };
});
afterEach(async () => {
  redis.near.close();
  await redis.disconnect();
  await outsider.disconnect();
});

function make(options: Partial<LoaderOptions<Product>> = {}): Loader<Product> {
  return redis.near.loader<Product>({
    prefix: 'k:',
    ttl: 60_000,
    load: (...args) => load(...args),
    ...options,
  });
}
const stats = () => redis.near.stats().loaders['k:'];
/** Pushes of what was written just before may come in between. */
const held = (loader: Loader<Product>, id: string) =>
  until(async () => {
    await loader.get(id);
    return loader.peek(id) !== undefined;
  });
/** Everything that was written up to now has been heard of. */
async function quiet(): Promise<void> {
  const invalidations = (): number => redis.near.stats().prefixes['k:']?.invalidations ?? 0;
  const before = invalidations();
  await outsider.set('k:probe', '');
  await until(() => invalidations() > before);
}
function gate() {
  let open: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), closed };
}

describe('get()', () => {
  test('asks memory, then Redis, then the origin', async () => {
    const loader = make();
    expect(await loader.get('1')).toEqual({ name: 'teapot' });
    expect(asked).toEqual(['1']);
    await held(loader, '1');
    await server.command('CONFIG', 'RESETSTAT');
    expect(await loader.get('1')).toEqual({ name: 'teapot' });
    expect(await calls(server, 'get')).toBe(0);
    redis.near.clear();
    expect(await loader.get('1')).toEqual({ name: 'teapot' });
    expect(await calls(server, 'get')).toBe(1);
    expect(asked).toEqual(['1']);
  });

  test('leaves in Redis what the codec wrote, with an expiry, and no lock', async () => {
    await make({ staleWhileRevalidate: 5_000 }).get('1');
    expect(await outsider.keys('*')).toEqual(['k:1']);
    expect(await outsider.get('k:1')).toBe('{"name":"teapot"}');
    const left = await outsider.pTTL('k:1');
    expect(left).toBeLessThanOrEqual(65_000);
    expect(left).toBeGreaterThan(58_000);
  });

  test('takes what another program wrote', async () => {
    await outsider.set('k:1', '{"name":"theirs"}');
    const loader = make({ staleWhileRevalidate: 5_000 });
    expect(await loader.get('1')).toEqual({ name: 'theirs' });
    await outsider.set('k:1', '{"name":"theirs again"}', { PX: 60_000 });
    await until(async () => (await loader.get('1'))?.name === 'theirs again');
    expect(asked).toEqual([]);
  });

  test('the fill is readable by its own process at once, by one GET and no barrier', async () => {
    const loader = make();
    await loader.get('1');
    expect(redis.near.state).toBe('serving');
    expect(await redis.get('k:1')).toBe('{"name":"teapot"}');
  });

  test('returns the same frozen object to everybody', async () => {
    const loader = make();
    const [one, other] = await Promise.all([loader.get('1'), loader.get('1')]);
    expect(one).toBe(other);
    expect(Object.isFrozen(one)).toBe(true);
    expect(stats()).toMatchObject({ loads: 1, coalesced: 1, lockWon: 1 });
    // The row of the origin is its own.
    expect(Object.isFrozen(rows.get('1'))).toBe(false);
  });

  test('remembers an absence for nilTtl', async () => {
    const loader = make({ nilTtl: 5_000 });
    expect(await loader.get('none')).toBeNull();
    expect(await outsider.get('k:none')).toBe('null');
    expect(await outsider.pTTL('k:none')).toBeLessThanOrEqual(5_000);
    expect(await loader.get('none')).toBeNull();
    expect(asked).toEqual(['none']);
    await held(loader, 'none');
    expect(loader.peek('none')).toBeNull();
  });

  test('does not remember it where nilTtl is 0, and takes away what was there', async () => {
    const loader = make({ nilTtl: 0 });
    await loader.get('none');
    expect(await outsider.keys('*')).toEqual([]);
    await loader.get('1');
    rows.delete('1');
    expect(await loader.refresh('1')).toBeNull();
    expect(await outsider.keys('*')).toEqual([]);
  });

  test('one reader gives up, the others get the value', async () => {
    const { open, closed } = gate();
    load = async (id) => {
      await closed;
      return rows.get(id) ?? null;
    };
    const loader = make();
    const abort = new AbortController();
    const impatient = loader.get('1', { signal: abort.signal });
    const patient = loader.get('1');
    abort.abort(new Error('too slow'));
    await expect(impatient).rejects.toThrow('too slow');
    open();
    expect(await patient).toEqual({ name: 'teapot' });
    await expect(loader.get('1', { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
      'before',
    );
  });
});

describe('an origin', () => {
  test('that fails says so to all who wait, coded and with its cause, and the next reader tries again', async () => {
    const cause = new Error('the database is away');
    load = () => Promise.reject(cause);
    const loader = make();
    const results = await Promise.allSettled([loader.get('1'), loader.get('1')]);
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_NEAR_LOAD', cause } });
    }
    expect(stats()).toMatchObject({ loads: 1, loadErrors: 1 });
    load = () => ({ name: 'back' });
    expect(await loader.get('1')).toEqual({ name: 'back' });
  });

  test('that hangs is given up after timeout, and told so', async () => {
    let told: AbortSignal | undefined;
    load = (_, { signal }) => {
      told = signal;
      return new Promise(() => {});
    };
    const loader = make({ timeout: 50 });
    await expect(loader.get('1')).rejects.toMatchObject({ code: 'ERR_NEAR_LOAD_TIMEOUT' });
    expect(told?.aborted).toBe(true);
    await until(async () => (await outsider.keys('*')).length === 0);
  });

  test('is never asked for more than maxConcurrentLoads at once', async () => {
    let now = 0;
    let most = 0;
    load = async (id) => {
      most = Math.max(most, ++now);
      await delay(5);
      now--;
      return { name: id };
    };
    const loader = make({ maxConcurrentLoads: 3 });
    const values = await Promise.all(Array.from({ length: 20 }, (_, id) => loader.get(String(id))));
    expect(values.map((value) => value?.name)).toEqual(Array.from({ length: 20 }, (_, id) => String(id)));
    expect(most).toBe(3);
  });
});

describe('getMany()', () => {
  const loadMany: LoaderOptions<Product>['loadMany'] = (ids) => {
    batches.push([...ids]);
    return ids.map((id) => rows.get(id) ?? null);
  };

  test('reads with one MGET and loads what is missing with one loadMany', async () => {
    const loader = make({ loadMany });
    await loader.get('2');
    await quiet();
    await server.command('CONFIG', 'RESETSTAT');
    const values = await loader.getMany(['1', '2', '3', 'none', '1']);
    expect(values.map((value) => value?.name)).toEqual(['teapot', 'cup', 'saucer', undefined, 'teapot']);
    expect(batches).toEqual([['1', '3', 'none']]);
    expect(asked).toEqual(['2']);
    expect(await calls(server, 'mget')).toBe(1);
    expect(await outsider.get('k:3')).toBe('{"name":"saucer"}');
    expect(await loader.getMany([])).toEqual([]);
  });

  test('uses load where there is no loadMany', async () => {
    expect(await make().getMany(['1', '2'])).toEqual([{ name: 'teapot' }, { name: 'cup' }]);
    expect(asked.sort()).toEqual(['1', '2']);
  });

  test('joins loads under way, and leaves to others what they load', async () => {
    const { open, closed } = gate();
    load = async (id) => {
      asked.push(id);
      await closed;
      return rows.get(id) ?? null;
    };
    const loader = make({ loadMany });
    const single = loader.get('1');
    await until(() => asked.length === 1);
    // Somebody else has the lock of 2, and fills.
    await outsider.set('k:{k:2}~lock', 'theirs', { PX: 60_000 });
    const many = loader.getMany(['1', '2', '3']);
    await until(() => batches.length === 1);
    expect(batches).toEqual([['3']]);
    await outsider.multi().set('k:2', '{"name":"theirs"}').del('k:{k:2}~lock').exec();
    open();
    expect((await many).map((value) => value?.name)).toEqual(['teapot', 'theirs', 'saucer']);
    expect((await single)?.name).toBe('teapot');
    expect(asked).toEqual(['1']);
  });

  test('says what is wrong with an answer of another length', async () => {
    const loader = make({ loadMany: () => [] });
    await expect(loader.getMany(['1', '2'])).rejects.toMatchObject({
      code: 'ERR_NEAR_LOAD',
      cause: { message: expect.stringContaining('one value or null for each of the 2 ids') },
    });
  });
});

describe('a load that has to be new', () => {
  test('is one that began after the call, and several who want it at once share it', async () => {
    const loader = make();
    await loader.get('1');
    const gates = [gate(), gate()];
    let begun = 0;
    load = async (id) => {
      const row = rows.get(id) ?? null;
      await gates[begun++]?.closed;
      return row;
    };
    const first = loader.refresh('1');
    await until(() => begun === 1);
    rows.set('1', { name: 'newer' });
    const others = [loader.refresh('1'), loader.get('1', { forceFresh: true })];
    gates[0]?.open();
    gates[1]?.open();
    expect(await first).toEqual({ name: 'teapot' });
    expect(await Promise.all(others)).toEqual([{ name: 'newer' }, { name: 'newer' }]);
    expect(begun).toBe(2);
    expect(await outsider.get('k:1')).toBe('{"name":"newer"}');
    expect(await loader.get('1')).toEqual({ name: 'newer' });
  });
});

describe('set() and invalidate()', () => {
  test('write with the ttl, and delete', async () => {
    const loader = make();
    await loader.set('9', { name: 'set' });
    expect(await loader.get('9')).toEqual({ name: 'set' });
    expect(await outsider.pTTL('k:9')).toBeGreaterThan(50_000);
    await loader.set('9', null);
    expect(await loader.get('9')).toBeNull();
    await loader.get('1');
    await loader.invalidate(['1', '9']);
    expect(loader.peek('1')).toBeUndefined();
    expect(await outsider.keys('*')).toEqual([]);
    await loader.invalidate([]);
    expect(asked).toEqual(['1']);
  });
});

test('10 000 values written together expire one after the other, over a tenth of their ttl', {
  timeout: 60_000,
}, async () => {
  const loader = make({ ttl: 1_000_000, redisTimeout: 60_000 });
  const ids = Array.from({ length: 10_000 }, (_, id) => String(id));
  await Promise.all(ids.map((id) => loader.set(id, { name: id })));
  const lives = await Promise.all(ids.map((id) => outsider.pTTL(`k:${id}`)));
  expect(Math.max(...lives)).toBeLessThanOrEqual(1_000_000);
  // So many ms after the last write this was asked, at most.
  expect(Math.min(...lives)).toBeGreaterThan(900_000 - 60_000);
  const perSecond = new Map<number, number>();
  for (const life of lives) {
    const second = Math.floor(life / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  // A hundred on average.
  expect(perSecond.size).toBeGreaterThanOrEqual(100);
  expect(Math.max(...perSecond.values())).toBeLessThan(200);
});

describe('stale values', () => {
  /** A value with so long left, which is in the stale window, though nobody has noticed yet. From now on `next` is asked. */
  async function stale(
    loader: Loader<Product>,
    left: number,
    next: LoaderOptions<Product>['load'],
  ): Promise<void> {
    await loader.get('1');
    asked = [];
    load = next;
    await outsider.pExpire('k:1', left);
    await quiet();
  }

  test('are served at once in the window while one load goes on behind', async () => {
    const loader = make({ staleWhileRevalidate: 30_000 });
    const { open, closed } = gate();
    await stale(loader, 29_000, async (id) => {
      asked.push(id);
      await closed;
      return { name: 'newer' };
    });
    for (let reader = 0; reader < 20; reader++) expect(await loader.get('1')).toEqual({ name: 'teapot' });
    expect(loader.peek('1')).toEqual({ name: 'teapot' });
    await until(() => asked.length === 1);
    expect(await loader.get('1')).toEqual({ name: 'teapot' });
    open();
    await until(async () => (await loader.get('1'))?.name === 'newer');
    expect(asked).toEqual(['1']);
    expect(stats()?.staleServed).toBeGreaterThan(20);
    expect(stats()).toMatchObject({ loads: 2, lockWon: 2, lockWaited: 0 });
  });

  test('are refreshed by exactly one of two processes', async () => {
    const other = connectNear();
    await other.connect();
    await other.near.ready();
    try {
      const { open, closed } = gate();
      let begun = 0;
      const options: LoaderOptions<Product> = {
        prefix: 'k:',
        ttl: 60_000,
        staleWhileRevalidate: 30_000,
        load: async () => {
          begun++;
          await closed;
          return { name: 'newer' };
        },
      };
      const loaders = [redis.near.loader(options), other.near.loader(options)];
      await outsider.set('k:1', '{"name":"teapot"}', { PX: 29_000 });
      const both = async (name: string) =>
        (await Promise.all(loaders.map((each) => each.get('1')))).every((value) => value?.name === name);
      await until(() => both('teapot'));
      await until(() => begun > 0);
      const losses = () =>
        [redis, other].map(({ near }) => near.stats().loaders['k:']?.lockWaited ?? 0).reduce((a, b) => a + b);
      await until(async () => (await both('teapot')) && losses() > 0);
      open();
      await until(() => both('newer'));
      expect(begun).toBe(1);
    } finally {
      other.near.close();
      await other.disconnect();
    }
  });

  test('stand in for an origin that fails, and after their window comes the error', async () => {
    const loader = make({ staleIfError: 30_000 });
    await stale(loader, 29_000, (id) => {
      asked.push(id);
      throw new Error('away');
    });
    expect(await loader.get('1')).toEqual({ name: 'teapot' });
    expect(asked).toEqual(['1']);
    // The origin is left alone for a while.
    expect(await loader.get('1')).toEqual({ name: 'teapot' });
    expect(asked).toEqual(['1']);
    expect(stats()).toMatchObject({ staleServed: 2, loadErrors: 1 });
    await outsider.del('k:1');
    await quiet();
    await expect(loader.get('1')).rejects.toMatchObject({
      code: 'ERR_NEAR_LOAD',
      cause: { message: 'away' },
    });
  });

  test('wait for an origin that answers, where only errors excuse them', async () => {
    const loader = make({ staleIfError: 30_000 });
    await stale(loader, 29_000, () => ({ name: 'newer' }));
    expect(await loader.get('1')).toEqual({ name: 'newer' });
  });
});

test('an early refresh is checked on hits in memory, and nobody waits for it', async () => {
  const { open, closed } = gate();
  let first = true;
  load = async (id) => {
    asked.push(id);
    // Chance decides by how long loads take: so that the first hits may be those.
    await (first ? delay(20) : closed);
    first = false;
    return { name: `load ${asked.length}` };
  };
  const loader = make({ earlyRefresh: { beta: 1_000 } });
  await loader.get('1');
  await held(loader, '1');
  await until(async () => {
    expect((await loader.get('1'))?.name).toBe('load 1');
    return asked.length === 2;
  });
  expect((await loader.get('1'))?.name).toBe('load 1');
  open();
  await until(async () => (await loader.get('1'))?.name !== 'load 1');
  expect(stats()?.earlyRefreshes).toBeGreaterThan(0);
});

describe('what cannot be read', () => {
  test('is loaded anew and written over, and an error says so once', async () => {
    const errors: NearCacheError[] = [];
    redis.near.on('error', (error) => errors.push(error));
    await outsider.set('k:1', 'no JSON');
    const loader = make();
    expect(await loader.get('1')).toEqual({ name: 'teapot' });
    expect(await outsider.get('k:1')).toBe('{"name":"teapot"}');
    expect(errors).toMatchObject([{ code: 'ERR_NEAR_FAULT', cause: { code: 'ERR_NEAR_DECODE' } }]);
  });

  test('does not get into Redis: the schema is asked first', async () => {
    const loader = make({ schema: z.object({ name: z.string().max(6) }) });
    expect(await loader.get('1')).toEqual({ name: 'teapot' });
    rows.set('2', { name: 'far too long' });
    await expect(loader.get('2')).rejects.toMatchObject({ code: 'ERR_NEAR_SCHEMA' });
    await expect(loader.set('2', { name: 'far too long' })).rejects.toMatchObject({
      code: 'ERR_NEAR_SCHEMA',
    });
    expect(await outsider.exists('k:2')).toBe(0);
  });

  test('is what the codec writes for an absence: it is refused', async () => {
    const codec = { ...json, encode: () => 'null' };
    await expect(make({ codec }).set('1', { name: 'x' })).rejects.toMatchObject({ code: 'ERR_NEAR_OPTION' });
  });

  test('is a key of another type: the origin answers without Redis', async () => {
    await outsider.hSet('k:1', 'field', 'value');
    expect(await make().get('1')).toEqual({ name: 'teapot' });
    expect(await outsider.type('k:1')).toBe('hash');
    expect(stats()).toMatchObject({ redisFallbacks: 1 });
  });
});

test('a prefix has one loader, and must be registered', () => {
  make();
  expect(() => make()).toThrow(NearCacheError);
  expect(() => make({ prefix: 'x:' })).toThrow(/not registered/);
  expect(make({ prefix: 'k:deeper:' }).peek('1')).toBeUndefined();
});
