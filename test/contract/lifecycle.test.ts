// The contract, from connect() to close(): the cache follows the client, and leaves nothing behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { call, outcome } from '../support/client.js';
import { byName, discard, KINDS, wrap } from '../support/majors.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';
import { makeContractRig } from './contract-rig.js';

const server = await useServer();
const OPTIONS = { prefixes: ['k:'] };

async function connections(): Promise<number> {
  const rows = String(await server.command('CLIENT', 'LIST'))
    .trim()
    .split('\n');
  return rows.length - 1;
}

describe.each(byName(KINDS))('%s', (_, kind) => {
  test('connect() answers the wrapped client, which serves from then on', async () => {
    await using redis = wrap(kind.create(server.url), OPTIONS);
    expect(redis.near.state).toBe('connecting');
    expect(await redis.connect()).toBe(redis);
    expect(redis.near.state).toBe('serving');
    await redis.get('k:1');
    expect(redis.near.peek('k:1')).toBeNull();
  });

  test('a client that is connected already is tracked at once', async () => {
    const raw = kind.create(server.url);
    await raw.connect();
    await using redis = wrap(raw, OPTIONS);
    await redis.near.ready();
    await redis.get('k:1');
    await redis.get('k:1');
    expect(redis.near.stats().prefixes['k:']).toMatchObject({ hits: 1, misses: 1 });
  });

  test.each(kind.closing)('%s() closes both connections', async (close) => {
    const before = await connections();
    const redis = wrap(kind.create(server.url), OPTIONS);
    await redis.connect();
    await redis.get('k:1');
    expect(await connections()).toBeGreaterThan(before + 1);
    await call(redis, close);
    expect(redis.near.state).toBe('closed');
    expect(redis.near.stats().entries).toBe(0);
    await until(async () => (await connections()) === before);
    const bare = kind.create(server.url);
    await bare.connect();
    await call(bare, close);
    const expected = await outcome(() => bare.get('k:1'));
    expect(expected).toHaveProperty('error');
    expect(await outcome(() => redis.get('k:1'))).toStrictEqual(expected);
  });

  test.each(kind.closing)(
    'replies under way when %s() is called are those of the bare client',
    async (close) => {
      const closed = async (client: ReturnType<typeof kind.create>) => {
        await client.connect();
        // A pool that has just lent a connection would make another one, and wait for that.
        await until(() => Reflect.get(client, 'idleClients') === Reflect.get(client, 'totalClients'));
        const replies = [outcome(() => client.get('k:1')), outcome(() => client.set('k:2', 'x'))];
        const closing = outcome(() => call(client, close));
        return [...(await Promise.all(replies)), await closing];
      };
      // On a busy machine a reply may be there before the connection is closed, with either of them.
      await until(async () => {
        const expected = await closed(kind.create(server.url));
        const actual = await closed(wrap(kind.create(server.url), OPTIONS));
        return isDeepStrictEqual(actual, expected);
      }, 10_000);
    },
  );

  test('await using closes everything', async () => {
    const before = await connections();
    {
      await using redis = wrap(kind.create(server.url), OPTIONS);
      await redis.connect();
      await redis.get('k:1');
    }
    await until(async () => (await connections()) === before);
  });

  test('near.close() ends the cache and leaves the client open', async () => {
    const raw = kind.create(server.url);
    const redis = wrap(raw, OPTIONS);
    await redis.connect();
    await redis.set('k:1', 'value');
    await redis.get('k:1');
    redis.near.close();
    expect(await redis.get('k:1')).toBe('value');
    expect(redis.near.peek('k:1')).toBeUndefined();
    expect(redis.near.stats().tracking).toMatchObject([{ state: 'closed' }]);
    expect(raw.isOpen).toBe(true);
    await discard(raw);
  });

  test('what was closed can be connected again', async () => {
    const [close = ''] = kind.closing;
    await using redis = wrap(kind.create(server.url), OPTIONS);
    for (let round = 0; round < 3; round++) {
      await redis.connect();
      await redis.near.ready();
      await redis.set('k:1', `${round}`);
      expect(await redis.get('k:1')).toBe(`${round}`);
      expect(await redis.get('k:1')).toBe(`${round}`);
      await call(redis, close);
      expect(redis.near.stats()).toMatchObject({ state: 'closed', entries: 0 });
    }
    await redis.connect();
  });

  test('after every connection was cut, reads are of Redis again, and then of memory', async () => {
    await using rig = await makeContractRig(server, kind);
    await rig.bare.set('k:1', 'old');
    await rig.settled();
    await rig.redis.get('k:1');
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await server.command('SET', 'k:1', 'new');
    await until(() => rig.redis.near.stats().tracking[0]?.reconnects === 1);
    await until(async () => 'reply' in (await outcome(() => rig.redis.get('k:1'))));
    expect(await rig.redis.get('k:1')).toBe('new');
    await until(async () => (await rig.redis.get('k:1')) === 'new' && rig.redis.near.peek('k:1') === 'new');
    await server.command('SET', 'k:1', 'newer');
    await until(async () => (await rig.redis.get('k:1')) === 'newer');
  });

  test('20 times wrap, connect, read and close leave no connection and no listener', async () => {
    const before = await connections();
    const [close = ''] = kind.closing;
    const raw = kind.create(server.url);
    const listeners = () =>
      ['ready', 'end', 'error', 'connect'].map((event) => call(raw, 'listenerCount', [event]));
    const expected = listeners();
    for (let round = 0; round < 20; round++) {
      const redis = wrap(raw, OPTIONS);
      await redis.connect();
      await redis.get('k:1');
      redis.near.close();
      await call(redis, close);
    }
    expect(listeners()).toEqual(expected);
    await until(async () => (await connections()) === before);
  });

  test('a process ends by itself once its clients are closed, in whatever way', async () => {
    const script = fileURLToPath(new URL('../support/scripts/every-closing.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, server.url, kind.name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const exit = once(child, 'exit');
    await until(() => output.includes('done') || child.exitCode !== null, 20_000, 'the script to be done');
    const done = performance.now();
    expect(await exit).toEqual([0, null]);
    expect(output).toContain('done');
    expect(performance.now() - done).toBeLessThan(3_000);
  });
});
