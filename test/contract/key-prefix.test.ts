// The contract, v6's `keyPrefix`: near prefixes, events and numbers speak of keys as the user writes them, and Redis
// announces them as it stores them.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call, has } from '../support/client.js';
import { byName, KINDS, type Kind, wrap } from '../support/majors.js';
import { connectPlain, type PlainClient } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';
import { type ContractRig, makeContractRig } from './contract-rig.js';

const server = await useServer();

const PREFIXED = KINDS.filter(({ major }) => major === 6);
const KEY = 'product:1';
const STORED = 'app:product:1';

const rigOf = (kind: Kind): Promise<ContractRig<Client>> =>
  makeContractRig(server, kind, { keyPrefix: 'app:' }, { prefixes: ['product:'] });

describe.each(byName(PREFIXED))('%s', (_, kind) => {
  let rig: ContractRig<Client>;
  let outsider: PlainClient;
  beforeEach(async () => {
    rig = await rigOf(kind);
    outsider = await connectPlain(server.url);
    await outsider.set(STORED, 'old');
    await rig.settled();
  });
  afterEach(async () => {
    await rig[Symbol.asyncDispose]();
    await outsider.disconnect();
  });

  test('reads of registered keys are answered from memory', async () => {
    for (let round = 0; round < 3; round++) expect(await rig.redis.get(KEY)).toBe('old');
    expect(rig.redis.near.peek(KEY)).toBe('old');
    expect(rig.redis.near.peek(STORED)).toBeUndefined();
    expect(rig.prefix('product:')).toMatchObject({ misses: 1, hits: 2, entries: 1, fills: 1 });
    expect(Object.keys(rig.redis.near.stats().prefixes)).toEqual(['product:']);
  });

  test('what another client writes to the stored key is seen, and told in the user’s spelling', async () => {
    const told: (readonly string[] | null)[] = [];
    rig.redis.near.on('invalidate', ({ keys }) => void told.push(keys));
    await rig.redis.get(KEY);
    await outsider.set(STORED, 'new');
    await until(async () => (await rig.redis.get(KEY)) === 'new');
    expect(told).toEqual([[KEY]]);
    expect(await rig.redis.get(KEY)).toBe('new');
    expect(rig.prefix('product:')).toMatchObject({ invalidations: expect.any(Number), entries: 1 });
    await outsider.sendCommand(['FLUSHALL']);
    await until(async () => (await rig.redis.get(KEY)) === null);
    expect(told.at(-1)).toBeNull();
  });

  test('a key of the same name without the prefix is another key', async () => {
    await rig.redis.get(KEY);
    await outsider.set(KEY, 'another');
    await rig.settled();
    expect(rig.redis.near.peek(KEY)).toBe('old');
    expect(await rig.redis.get(KEY)).toBe('old');
    expect(await rig.redis.sendCommand(['GET', KEY])).toBe('another');
  });

  const writes: Readonly<Record<string, (redis: Client) => unknown>> = {
    set: (redis) => redis.set(KEY, 'new'),
    mSet: (redis) => redis.mSet([[KEY, 'new']]),
    'a raw command': (redis) => redis.sendCommand(['SET', STORED, 'new']),
    'a transaction': (redis) => redis.multi().set(KEY, 'new').exec(),
    'a raw command in a transaction': (redis) => redis.multi().addCommand(['SET', STORED, 'new']).exec(),
    'a script': (redis) => call(redis, 'eval', ["return redis.call('SET', KEYS[1], 'new')", { keys: [KEY] }]),
    rename: async (redis) => {
      await redis.set('from', 'new');
      await call(redis, 'rename', ['from', KEY]);
    },
  };
  test.each(Object.entries(writes))('what this process writes by %s is seen at once', async (_, write) => {
    await rig.redis.get(KEY);
    expect(await rig.redis.get(KEY)).toBe('old');
    rig.deafen();
    await write(rig.redis);
    expect(await outsider.get(STORED)).toBe('new');
    expect(await rig.redis.get(KEY)).toBe('new');
  });

  test('reads of many keys', async () => {
    await outsider.set('app:product:2', '2');
    await rig.settled();
    for (let round = 0; round < 2; round++) {
      expect(await rig.redis.mGet([KEY, 'product:2', 'product:3'])).toEqual(['old', '2', null]);
      expect(await rig.redis.exists([KEY, 'product:3'])).toBe(1);
      expect(await rig.redis.get('product:2')).toBe('2');
    }
    await outsider.del('app:product:2');
    await until(async () => (await rig.redis.mGet([KEY, 'product:2']))[1] === null);
  });

  test('near.invalidate(), register() and unregister() take the user’s spelling', async () => {
    const { near } = rig.redis;
    await rig.redis.get(KEY);
    near.invalidate(KEY);
    expect(near.peek(KEY)).toBeUndefined();
    await near.register('user:');
    await outsider.set('app:user:1', 'name');
    await until(async () => (await rig.redis.get('user:1')) === 'name' && near.peek('user:1') === 'name');
    expect(rig.prefix('user:')).toMatchObject({ entries: 1 });
    await outsider.set('app:user:1', 'other');
    await until(async () => (await rig.redis.get('user:1')) === 'other');
    await near.unregister('user:');
    expect(near.peek('user:1')).toBeUndefined();
    expect(await rig.redis.get('user:1')).toBe('other');
    await near.ready();
    await until(async () => (await rig.redis.get(KEY)) === 'old' && near.peek(KEY) === 'old');
  });

  test('an entry that makes room is named as the user names it', async () => {
    const raw = kind.create(server.url, { keyPrefix: 'app:' });
    await using redis = wrap(raw, { prefixes: [''], maxEntries: 2 });
    await redis.connect();
    await redis.near.ready();
    const evicted: unknown[] = [];
    redis.near.on('evict', (event) => void evicted.push(event));
    for (const key of ['a', 'b', 'c']) await redis.get(key);
    expect(evicted).toEqual([{ key: 'a', prefix: '' }]);
    expect(redis.near.peek('c')).toBeNull();
    await outsider.set('c', 'not this one');
    await outsider.set('app:c', 'this one');
    await until(async () => (await redis.get('c')) === 'this one');
  });

  test('under watch() reads go to Redis, and the race is about the stored key', async () => {
    if (!has(rig.redis, 'watch')) return;
    await rig.redis.get(KEY);
    rig.deafen();
    await outsider.set(STORED, '2');
    await call(rig.redis, 'watch', [KEY]);
    expect(await rig.redis.get(KEY)).toBe('2');
    await outsider.set(STORED, '3');
    await expect(rig.redis.multi().set(KEY, 'mine').exec()).rejects.toThrow();
    expect(await rig.redis.get(KEY)).toBe('3');
  });
});
