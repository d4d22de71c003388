// The contract, everything else that a client does: pub/sub, iterators, duplicate(), select(), watch(), connections of
// one's own.

import { deepStrictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { type Client, call, has, outcome, type Session } from '../support/client.js';
import { byName, discard, KINDS, SESSIONS } from '../support/majors.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';
import { makeContractRig } from './contract-rig.js';

const server = await useServer();

describe.each(byName(KINDS))('%s', (_, kind) => {
  test('has every member of the client, under the same kind', async () => {
    await using rig = await makeContractRig(server, kind);
    for (let level: object = rig.raw; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
      for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
        if (name.startsWith('_') || (get !== undefined && name === 'v4')) continue;
        expect(typeof Reflect.get(rig.redis, name), name).toBe(typeof Reflect.get(rig.raw, name));
      }
    }
    expect(rig.redis).toBeInstanceOf(rig.raw.constructor);
    expect(rig.redis.isOpen).toBe(true);
    expect(rig.redis.isReady).toBe(rig.raw.isReady);
    expect(rig.redis.options).toBe(rig.raw.options);
  });

  test('shares its events and chains itself', async () => {
    await using rig = await makeContractRig(server, kind);
    const heard: unknown[] = [];
    expect(rig.redis.on('custom', (value: unknown) => void heard.push(value))).toBe(rig.redis);
    call(rig.raw, 'emit', ['custom', 1]);
    call(rig.redis, 'emit', ['custom', 2]);
    expect(heard).toEqual([1, 2]);
    expect(call(rig.redis, 'removeAllListeners', ['custom'])).toBe(rig.redis);
  });

  if (kind.isolating !== undefined) {
    const isolating = kind.isolating;
    test(`${isolating}() lends a connection: its writes are this process's own, its reads go to Redis`, async () => {
      await using rig = await makeContractRig(server, kind);
      await rig.redis.set('k:1', 'old');
      await rig.settled();
      await rig.redis.get('k:1');
      rig.deafen();
      const use = async (connection: Client) => [
        await connection.get('k:1'),
        await connection.set('k:1', 'new'),
        await connection.get('k:1'),
        await connection.multi().get('k:1').set('k:2', 'x').exec(),
      ];
      expect(await call(rig.redis, isolating, [use])).toEqual(['old', 'OK', 'new', ['new', 'OK']]);
      expect(await rig.redis.get('k:1')).toBe('new');
      expect(await rig.redis.get('k:2')).toBe('x');
    });

    test(`an error in ${isolating}() is that of the bare client`, async () => {
      await using rig = await makeContractRig(server, kind);
      for (const use of [
        () => Promise.reject(new Error('by the user')),
        (connection: Client) => connection.sendCommand(['NO SUCH COMMAND']),
      ]) {
        const expected = await outcome(() => call(rig.bare, isolating, [use]));
        expect(await outcome(() => call(rig.redis, isolating, [use]))).toStrictEqual(expected);
      }
      expect(await rig.redis.get('k:1')).toBeNull();
    });
  }
});

describe.each(byName(SESSIONS))('%s', (_, kind) => {
  test('pub/sub on the wrapped client, and reads after it', async () => {
    await using rig = await makeContractRig<Session>(server, kind);
    await rig.bare.set('k:1', 'value');
    await rig.settled();
    const heard: string[] = [];
    await rig.redis.subscribe('news', (message, channel) => void heard.push(`${channel}: ${message}`));
    await rig.bare.publish('news', 'hello');
    await until(() => heard.length === 1);
    expect(heard).toEqual(['news: hello']);
    await rig.bare.subscribe('news', () => {});
    // RESP 2 allows no reads on a connection that subscribes; RESP 3 does.
    if (kind.resp === 3) {
      for (let round = 0; round < 2; round++) {
        expect(await rig.redis.get('k:1')).toBe('value');
        expect(await rig.redis.hGetAll('k:missing')).toEqual({});
      }
      await rig.redis.set('k:1', 'new');
      expect(await rig.redis.get('k:1')).toBe('new');
    }
    await rig.redis.unsubscribe('news');
    await rig.bare.unsubscribe('news');
    // v5 and v6 answer Buffers from now on if they speak RESP 2.
    expect(await rig.redis.set('k:1', 'last')).toEqual(await rig.bare.set('k:1', 'last'));
    for (let round = 0; round < 3; round++) {
      const reply = await rig.redis.get('k:1');
      expect(reply).toEqual(await rig.bare.get('k:1'));
      expect(String(reply)).toBe('last');
    }
    expect(heard).toHaveLength(1);
  });

  test('iterators', async () => {
    await using rig = await makeContractRig<Session>(server, kind);
    const numbers = Array.from({ length: 700 }, (_, index) => `${index}`);
    await rig.bare.hSet('k:h', Object.fromEntries(numbers.map((number) => [number, `v${number}`])));
    await rig.bare.sAdd('k:s', numbers);
    await rig.bare.zAdd('k:z', { score: 1, value: 'm' });
    await rig.settled();
    for (const [method, ...args] of [
      ['scanIterator'],
      ['scanIterator', { MATCH: 'k:*', COUNT: 1 }],
      ['hScanIterator', 'k:h'],
      ['hScanValuesIterator', 'k:h'],
      ['sScanIterator', 'k:s', { COUNT: 50 }],
      ['zScanIterator', 'k:z'],
    ] as const) {
      if (!has(rig.bare, method)) continue;
      // Some need a server that knows HSCAN NOVALUES.
      const expected = await outcome(() => collect(rig.bare, method, args));
      for (let round = 0; round < 2; round++) {
        deepStrictEqual(await outcome(() => collect(rig.redis, method, args)), expected, method);
      }
    }
  });

  test('what an iterator has shown, a later read does not take back', async () => {
    await using rig = await makeContractRig<Session>(server, kind);
    await rig.bare.hSet('k:h', { f: '1' });
    await rig.settled();
    await rig.redis.hGetAll('k:h');
    rig.deafen();
    await rig.bare.hSet('k:h', { f: '2' });
    await collect(rig.redis, 'hScanIterator', ['k:h']);
    expect(await rig.redis.hGetAll('k:h')).toEqual({ f: '2' });
  });

  test('duplicate() is a plain client, whose writes are somebody else’s', async () => {
    await using rig = await makeContractRig<Session>(server, kind);
    await rig.redis.set('k:1', 'old');
    const duplicate = rig.redis.duplicate();
    duplicate.on('error', () => {});
    expect(Reflect.get(duplicate, 'near')).toBeUndefined();
    await duplicate.connect();
    await rig.settled();
    expect(await rig.redis.get('k:1')).toBe('old');
    await duplicate.set('k:1', 'new');
    expect(await duplicate.get('k:1')).toBe('new');
    await until(async () => (await rig.redis.get('k:1')) === 'new');
    await discard(duplicate);
    expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('createPool() is a plain pool, whose writes are somebody else’s', async () => {
    await using rig = await makeContractRig<Session>(server, kind);
    if (!has(rig.redis, 'createPool')) return;
    await rig.redis.set('k:1', 'old');
    const pool = call(rig.redis, 'createPool') as Client;
    pool.on('error', () => {});
    expect(Reflect.get(pool, 'near')).toBeUndefined();
    await pool.connect();
    await pool.set('k:1', 'new');
    await until(async () => (await rig.redis.get('k:1')) === 'new');
    await discard(pool);
    expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('select() changes what reads mean', async () => {
    await using rig = await makeContractRig<Session>(server, kind);
    await rig.redis.set('k:1', 'zero');
    for (let round = 0; round < 2; round++) expect(await rig.redis.get('k:1')).toBe('zero');
    await rig.redis.select(1);
    expect(await rig.redis.get('k:1')).toBeNull();
    await rig.redis.set('k:1', 'one');
    for (let round = 0; round < 2; round++) expect(await rig.redis.get('k:1')).toBe('one');
    await rig.redis.select(0);
    for (let round = 0; round < 2; round++) expect(await rig.redis.get('k:1')).toBe('zero');
    await call(call(rig.redis.multi(), 'select', [1]) as object, 'exec');
    expect(await rig.redis.get('k:1')).toBe('one');
  });

  test('under watch() reads go to Redis, and a lost race is told as by the bare client', async () => {
    await using rig = await makeContractRig<Session>(server, kind);
    await rig.bare.set('k:1', '1');
    await rig.settled();
    await rig.redis.get('k:1');
    rig.deafen();
    await rig.bare.set('k:1', '2');
    await rig.redis.watch('k:1');
    expect(await rig.redis.get('k:1')).toBe('2');
    expect(await rig.redis.multi().set('k:1', '3').exec()).toEqual(['OK']);
    expect(await rig.redis.get('k:1')).toBe('3');
    const race = async (client: Session) => {
      await client.watch('k:1');
      await (client === rig.bare ? rig.redis : rig.bare).set('k:1', 'raced');
      return outcome(() => client.multi().set('k:1', 'mine').exec());
    };
    const expected = await race(rig.bare);
    expect(expected).toHaveProperty('error');
    expect(await race(rig.redis)).toStrictEqual(expected);
    expect(await rig.redis.get('k:1')).toBe('raced');
    await rig.redis.watch('k:1');
    await rig.redis.unwatch();
    expect(await rig.redis.multi().get('k:1').exec()).toEqual(['raced']);
  });
});

/** Everything that an iterator yields, sorted; v4 yields items, later majors pages. */
async function collect(client: Client, method: string, args: readonly unknown[]): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const page of call(client, method, args) as AsyncIterable<unknown>) items.push(page);
  return items.flat().sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}
