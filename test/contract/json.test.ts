// The contract, `client.json` of the umbrella packages. No RedisJSON is needed to show what the cache does with it: a
// server whose HSET and HGET are renamed answers JSON.GET key path with what JSON.SET key path stored.

import { deepStrictEqual } from 'node:assert/strict';
import * as v4 from 'redis-v4';
import * as v5 from 'redis-v5';
import * as v6 from 'redis-v6';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call, type Near } from '../support/client.js';
import { discard, wrap } from '../support/majors.js';
import { calls } from '../support/rig.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';
import { settled } from './contract-rig.js';
import { ruin } from './ruin.js';

const RENAMED = ['HSET', 'JSON.SET', 'HGET', 'JSON.GET', 'HDEL', 'JSON.DEL'];
const server = await useServer(
  ...RENAMED.flatMap((name, index) => (index % 2 === 0 ? ['--rename-command', name] : [name])),
);

const PACKAGES: Readonly<Record<string, (url: string) => unknown>> = {
  v4: (url) => v4.createClient({ url }),
  v5: (url) => v5.createClient({ url }),
  'v5 RESP 3': (url) => v5.createClient({ url, RESP: 3 }),
  v6: (url) => v6.createClient({ url }),
  'v6 RESP 2': (url) => v6.createClient({ url, RESP: 2 }),
  'v5 pool': (url) => v5.createClientPool({ url }),
  'v6 pool': (url) => v6.createClientPool({ url }),
};

const KEY = 'k:1';
const WHOLE = { path: '$' };
const DOCUMENT = [{ name: 'teapot', tags: ['a', 'b'], size: { height: 1.5, width: null }, sold: false }];

const get = (client: Client, key = KEY): Promise<unknown> =>
  Promise.resolve(call(client, 'json.get', [key, WHOLE]));
const set = (client: Client, value: unknown, key = KEY): Promise<unknown> =>
  Promise.resolve(call(client, 'json.set', [key, '$', value]));

describe.each(Object.entries(PACKAGES))('%s', (name, create) => {
  let raw: Client;
  let redis: Near;
  let bare: Client;
  let tracking: TcpProxy;
  const connected = async (): Promise<Client> => {
    const client = create(server.url) as Client;
    client.on('error', () => {});
    return client;
  };
  const hits = (): number => redis.near.stats().prefixes['k:']?.hits ?? 0;

  beforeEach(async () => {
    tracking = await TcpProxy.start(server.port);
    raw = await connected();
    bare = await connected();
    redis = wrap(raw, { prefixes: ['k:'], maxStaleness: 60_000, tracking: { url: tracking.url } });
    await Promise.all([redis.connect(), bare.connect()]);
    await redis.near.ready();
    await set(bare, DOCUMENT);
    await settled(redis, bare);
    await server.command('CONFIG', 'RESETSTAT');
  });
  afterEach(async () => {
    redis.near.close();
    await Promise.all([discard(raw), discard(bare)]);
    await tracking.stop();
  });

  test('json.get() is answered from memory the second time, in both spellings', async () => {
    const expected = await get(bare);
    deepStrictEqual(await get(redis), expected);
    expect(expected).toEqual(DOCUMENT);
    expect(hits()).toBe(0);
    deepStrictEqual(await get(redis), expected);
    deepStrictEqual(await call(redis, 'json.GET', [KEY, WHOLE]), expected);
    expect(hits()).toBe(2);
    expect(await calls(server, 'hget')).toBe(2);
  });

  test('a document that is not there, or no such path', async () => {
    const expected = [await get(bare, 'k:missing'), await call(bare, 'json.get', [KEY, { path: '$.none' }])];
    for (let round = 0; round < 3; round++) {
      const replies = [
        await get(redis, 'k:missing'),
        await call(redis, 'json.get', [KEY, { path: '$.none' }]),
      ];
      deepStrictEqual(replies, expected);
    }
    await set(redis, { now: 'it is' }, 'k:missing');
    expect(await get(redis, 'k:missing')).toEqual({ now: 'it is' });
  });

  test('a caller who changes a document changes his own', async () => {
    const both = await Promise.all([get(redis), get(redis)]);
    for (const document of both) {
      expect(document).toEqual(DOCUMENT);
      ruin(document);
    }
    for (let round = 0; round < 2; round++) {
      const document = await get(redis);
      expect(document).toEqual(DOCUMENT);
      ruin(document);
    }
  });

  test('own writes are seen at once', async () => {
    const { json } = redis.multi() as unknown as { json?: object };
    expect(json).toBeTypeOf('object');
    const writes: ((value: object) => unknown)[] = [
      (value) => set(redis, value),
      (value) => call(redis, 'json.SET', [KEY, '$', value]),
      (value) => redis.sendCommand(['JSON.SET', KEY, '$', JSON.stringify(value)]),
      (value) => call(call(redis.multi(), 'json.set', [KEY, '$', value]) as object, 'exec'),
      (value) => call(call(redis.multi(), 'json.SET', [KEY, '$', value]) as object, 'execAsPipeline'),
    ];
    await get(redis);
    tracking.hold('down');
    for (const [index, write] of writes.entries()) {
      await write({ index });
      expect(await get(redis), `written in way ${index}`).toEqual({ index });
      expect(await get(redis)).toEqual({ index });
    }
    await call(redis, 'json.del', [KEY, name === 'v4' ? '$' : WHOLE]);
    expect(await get(redis)).toBeNull();
    await set(redis, DOCUMENT);
    await redis.del(KEY);
    expect(await get(redis)).toBeNull();
  });

  test('what another client writes is seen when it is announced', async () => {
    await get(redis);
    for (const version of [1, 2, 3]) {
      await set(bare, { version });
      await until(async () => JSON.stringify(await get(redis)) === JSON.stringify({ version }));
      deepStrictEqual(await get(redis), await get(bare));
    }
  });

  test('100 at once are one', async () => {
    const documents = await Promise.all(Array.from({ length: 100 }, () => get(redis)));
    for (const document of documents) expect(document).toEqual(DOCUMENT);
    expect(await calls(server, 'hget')).toBe(1);
  });
});
