// Commands of several keys, on clusters of every major: keys of different slots are answered as if there were no slots.

import { hashSlot } from 'redis-near-cache';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import { type Client, call, type Near, outcome } from '../../support/client.js';
import { until } from '../../support/until.js';
import {
  type Cluster,
  close,
  connectBare,
  connectNear,
  executed,
  forget,
  type Key,
  MAJORS,
  type Major,
  NUMBERS_AS_TEXT,
  slotsOf,
  total,
  VIEWS,
} from './slot-rig.js';

let bed: ClusterBed;
beforeAll(async () => {
  bed = await ClusterBed.start({ replicasPerShard: 0 });
});
afterAll(() => bed.stop());

const COUNTING = ['exists', 'touch', 'del', 'unlink'] as const;

describe.each(MAJORS)('a cluster of node-redis %s', (major: Major) => {
  let bare: Cluster & Client;
  let redis: Cluster & Near;
  beforeAll(async () => {
    bare = await connectBare(major, bed);
    redis = await connectNear(major, bed);
  });
  afterAll(() => close(redis, bare));
  beforeEach(async () => {
    for (const { server } of bed.nodes) await server.command('FLUSHALL');
    redis.near.clear();
  });

  async function filled(count: number, name = 'k:'): Promise<string[]> {
    const keys = Array.from({ length: count }, (_, index) => `${name}${index}`);
    await Promise.all(keys.map((key) => bare.set(key, `value of ${key}`)));
    return keys;
  }
  const textOf = (key: Key): string => `value of ${key}`;

  test('mGet answers by place: several nodes, missing keys, keys twice, hash tags, keys as bytes', async () => {
    const keys: Key[] = [
      ...(await filled(20)),
      ...(await filled(5, 'k:{tag}')),
      ...(await filled(5, 'other:')),
    ];
    const asked = [
      ...keys.slice(7),
      'k:missing',
      ...keys,
      'other:missing',
      Buffer.from('k:3'),
      Buffer.from('other:3'),
    ];
    const expected = asked.map((key) => (`${key}`.endsWith('missing') ? null : textOf(key)));
    for (let round = 0; round < 3; round++) expect(await redis.mGet(asked)).toEqual(expected);
    if (major === 'v4') expect(await call(redis, 'MGET', [asked])).toEqual(expected);
  });

  test('mGet sends one MGET per slot, and only for what is not held', async () => {
    const keys = await filled(60);
    const rest = keys.slice(20);
    await redis.mGet(keys.slice(0, 20));
    await forget(bed.nodes);
    expect(await redis.mGet(keys)).toEqual(keys.map(textOf));
    const counts = await executed(bed.nodes, 'mget');
    expect(total(counts)).toBe(slotsOf(rest));
    expect(Math.min(...counts), 'every node was asked').toBeGreaterThan(0);
    expect(await redis.mGet(keys)).toEqual(keys.map(textOf));
    expect(await redis.get('k:59')).toBe(textOf('k:59'));
    expect(total(await executed(bed.nodes, 'mget'))).toBe(slotsOf(rest));
    expect(total(await executed(bed.nodes, 'get'))).toBe(0);
  });

  test('keys of one slot go in one command, as they are', async () => {
    const tagged = await filled(10, 'k:{tag}');
    const outside = await filled(10, 'other:{tag}');
    await forget(bed.nodes);
    for (const keys of [tagged, outside, [...tagged, ...outside]]) {
      redis.near.clear();
      expect(await redis.mGet(keys)).toEqual(keys.map(textOf));
    }
    expect(total(await executed(bed.nodes, 'mget'))).toBe(3);
    for (const method of COUNTING) await redis[method](tagged);
    for (const method of COUNTING) expect(total(await executed(bed.nodes, method)), method).toBe(1);
  });

  test.each(COUNTING)('%s counts the keys of all nodes, each as often as it is named', async (method) => {
    const present = [...(await filled(20)), ...(await filled(3, 'k:{tag}')), ...(await filled(5, 'other:'))];
    const keys = [...present, 'k:missing', 'k:absent', Buffer.from('k:1'), 'k:2', 'k:2'];
    const twice = method === 'exists' || method === 'touch';
    await forget(bed.nodes);
    expect(await redis[method](keys)).toBe(present.length + (twice ? 3 : 0));
    const counts = await executed(bed.nodes, method);
    expect(total(counts)).toBe(slotsOf(keys));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(await redis[method](keys)).toBe(twice ? present.length + 3 : 0);
    if (major === 'v4')
      expect(await call(redis, method.toUpperCase(), [keys])).toBe(twice ? present.length + 3 : 0);
    expect(await redis[method]('k:missing')).toBe(0);
  });

  const pairs = Array.from({ length: 20 }, (_, index): [string, string] => [`k:${index}`, `new ${index}`]);
  const forms: Record<string, unknown> = {
    'an object': Object.fromEntries(pairs),
    'an array of pairs': pairs,
    'a flat array': pairs.flat(),
    bytes: pairs.map((pair) => pair.map((word) => Buffer.from(word))),
    'flat bytes': pairs.flat().map((word) => Buffer.from(word)),
    'a key twice, of which the later counts': [['k:7', 'overwritten'], ...pairs],
  };

  test.each(Object.entries(forms))('mSet takes %s, and this process reads what it wrote', async (_, form) => {
    const keys = await filled(20);
    expect(await redis.mGet(keys)).toEqual(keys.map(textOf));
    expect(await redis.mSet(form)).toBe('OK');
    expect(await redis.mGet(keys)).toEqual(pairs.map(([, value]) => value));
    expect(await bare.get('k:7')).toBe('new 7');
  });

  test('what the client refuses is refused in its words', async () => {
    const refused: [string, unknown][] = [
      ['mGet', []],
      ['del', []],
      ['mSet', []],
      ['mSet', {}],
      ['mSet', ['k:1', 'a', 'k:2']],
      [
        'mSet',
        [
          ['k:1', 'a'],
          ['k:2', 1],
        ],
      ],
      ['mGet', ['k:1', 2]],
      ['del', ['k:1', undefined]],
    ];
    const words = async (cluster: Cluster, method: string, argument: unknown): Promise<string> => {
      const come = await outcome(() => call(cluster, method, [argument]));
      return 'error' in come ? String(come.error) : 'no error';
    };
    for (const [method, argument] of refused) {
      const expected = await words(bare, method, argument);
      await bare.set('k:1', 'before');
      expect(await words(redis, method, argument), `${method} ${JSON.stringify(argument)}`).toBe(expected);
      // A bare cluster of v6 takes it apart by itself.
      if (major !== 'v6') expect(await bare.get('k:1')).toBe('before');
    }
  });

  test('sendCommand and transactions stay as they are', async () => {
    const [first = '', second = ''] = await filled(2);
    expect(hashSlot(first)).not.toBe(hashSlot(second));
    const wire = ['EXISTS', first, second];
    const raw = (cluster: Cluster) => outcome(() => call(cluster, 'sendCommand', [first, true, wire]));
    const known = await raw(bare);
    const come = await raw(redis);
    expect('error' in come ? `${come.error}` : come).toEqual('error' in known ? `${known.error}` : known);
    const transaction = (cluster: Cluster) => {
      const multi = call(cluster, 'multi', []) as { mGet(keys: string[]): { exec(): Promise<unknown> } };
      return outcome(() => multi.mGet([first, second]).exec());
    };
    expect(await transaction(redis)).toEqual(await transaction(bare));
  });

  test('replies come in the types that are asked for', async () => {
    const keys = await filled(12);
    const bytes = keys.map((key) => Buffer.from(textOf(key)));
    for (let round = 0; round < 2; round++)
      expect(await VIEWS[major].asBytes(redis).mGet(keys)).toEqual(bytes);
    expect(await redis.mGet(keys)).toEqual(keys.map(textOf));
    if (major === 'v4') return;
    const mapped = call(redis, 'withTypeMapping', [NUMBERS_AS_TEXT]) as Cluster;
    for (const method of COUNTING)
      expect(await mapped[method]([...keys, 'k:missing'])).toBe(method === 'unlink' ? '0' : '12');
    expect(await mapped.mSet(pairs)).toBe('OK');
  });

  test('a signal that is aborted rejects as the client does, and nothing is sent', async () => {
    const keys = await filled(12);
    const abortable = VIEWS[major].aborted(redis);
    for (const method of ['mGet', 'exists', 'del'] as const)
      await expect(abortable[method](keys), method).rejects.toThrow(/abort/i);
    expect(await bare.exists('k:1')).toBe(1);
  });

  test('an error of one node is the whole call’s; what the others did is done, and is read', async () => {
    for (const { server } of bed.nodes)
      await server.command(
        'ACL',
        'SETUSER',
        'picky',
        'on',
        '>secret',
        '~k:*',
        '~own:*',
        '+@all',
        'resetchannels',
      );
    const login = { defaults: { username: 'picky', password: 'secret' } };
    const picky = await connectNear(major, bed, login);
    const permitted = await filled(10);
    const keys = [...permitted, 'forbidden:1', 'forbidden:2'];
    await expect(picky.mGet(keys)).rejects.toThrow('NOPERM');
    await expect(picky.mGet(keys.map((key) => `other:${key}`))).rejects.toThrow('NOPERM');
    for (const method of COUNTING) await expect(picky[method](keys)).rejects.toThrow('NOPERM');
    for (const value of ['x', 'y']) {
      await expect(picky.mSet(keys.map((key) => [key, value]))).rejects.toThrow('NOPERM');
      const values = permitted.map(() => value);
      await until(async () =>
        (await Promise.all(permitted.map((key) => bare.get(key)))).every((held) => held === value),
      );
      expect(await picky.mGet(permitted)).toEqual(values);
    }
    await close(picky);
  });

  test.each(major === 'v6' ? ['app:', '{app}:'] : [])(
    'keys are counted as they go on the wire, with %s before them',
    async (keyPrefix) => {
      const prefixed = await connectNear(major, bed, { keyPrefix });
      expect(await prefixed.mSet(pairs)).toBe('OK');
      await forget(bed.nodes);
      const keys: Key[] = [...pairs.map(([key]) => key), Buffer.from('k:1'), 'k:missing', 'other:1'];
      const values = [...pairs.map(([, value]) => value), 'new 1', null, null];
      for (let round = 0; round < 2; round++) expect(await prefixed.mGet(keys)).toEqual(values);
      // Keys as bytes, and under no prefix, are asked for each time.
      const again = keyPrefix === 'app:' ? 2 : 1;
      expect(total(await executed(bed.nodes, 'mget'))).toBe(
        slotsOf(keys.map((key) => `${keyPrefix}${key}`)) + again,
      );
      expect(await bare.get(`${keyPrefix}k:1`)).toBe('new 1');
      expect(await prefixed.del(keys)).toBe(20);
      expect(await prefixed.exists(keys)).toBe(0);
      await close(prefixed);
    },
  );
});
