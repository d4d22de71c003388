// Rule C16: one waiter's abort, timeout or options never break another's read; an error reaches all and is not kept.

import { createClient as createV6, TimeoutError } from '@redis/client';
import { commandOptions } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { expect, test } from 'vitest';
import { calls, makeRig } from '../../support/rig.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

test('the abort of the reader who started a read does not reach those who joined it', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'value');
  await until(() => rig.prefix().invalidations === 1);
  await server.command('CONFIG', 'RESETSTAT');
  const abort = new AbortController();
  const [leader] = await rig.heldRead(() => rig.redis.get(commandOptions({ signal: abort.signal }), 'k:1'));
  const joined = rig.redis.get('k:1');
  abort.abort();
  const bare = rig.raw.get(commandOptions({ signal: abort.signal }), 'k:1').catch((error: unknown) => error);
  const error = await leader?.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Error);
  expect(error).toStrictEqual(await bare);
  rig.data.release('down');
  expect(await joined).toBe('value');
  expect(await calls(server, 'get')).toBe(1);
});

test('the abort of one who joined does not reach the reader who started', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'value');
  await until(() => rig.prefix().invalidations === 1);
  const abort = new AbortController();
  const [leader] = await rig.heldRead(() => rig.redis.get('k:1'));
  const joined = rig.redis.get(commandOptions({ signal: abort.signal }), 'k:1');
  abort.abort();
  await expect(joined).rejects.toThrow('aborted');
  rig.data.release('down');
  expect(await leader).toBe('value');
  expect(rig.redis.near.peek('k:1')).toBe('value');
});

test('a signal that was aborted before rejects like the client does, held or not', async () => {
  await using rig = await makeRig(server);
  const options = commandOptions({ signal: AbortSignal.abort() });
  await expect(rig.redis.get(options, 'k:1')).rejects.toThrow('aborted');
  await rig.redis.get('k:1');
  await expect(rig.redis.get(options, 'k:1')).rejects.toThrow('aborted');
  await expect(rig.redis.mGet(options, ['k:1'])).rejects.toThrow('aborted');
});

test('readers with signals share reads and hits like all others', async () => {
  await using rig = await makeRig(server);
  await server.command('CONFIG', 'RESETSTAT');
  const read = () => rig.redis.get(commandOptions({ signal: new AbortController().signal }), 'k:1');
  await Promise.all([read(), read(), rig.redis.get('k:1')]);
  await read();
  expect(await calls(server, 'get')).toBe(1);
});

test('isolated reads and reads of Buffers are neither joined nor stored, and work', async () => {
  await using rig = await makeRig(server);
  await rig.redis.set('k:1', 'value');
  await rig.serving();
  expect(await rig.redis.get(commandOptions({ isolated: true }), 'k:1')).toBe('value');
  expect(await rig.redis.get(commandOptions({ returnBuffers: true }), 'k:1')).toEqual(Buffer.from('value'));
  expect(rig.redis.near.peek('k:1')).toBeUndefined();
  await rig.redis.get('k:1');
  expect(await rig.redis.get(commandOptions({ returnBuffers: true }), 'k:1')).toEqual(Buffer.from('value'));
  expect(await rig.redis.get('k:1')).toBe('value');
});

test('an error reaches all who wait and is not stored', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.rPush('k:list', 'x');
  await until(() => rig.prefix().invalidations === 1);
  await server.command('CONFIG', 'RESETSTAT');
  const outcomes = await Promise.allSettled([
    rig.redis.get('k:list'),
    rig.redis.get('k:list'),
    rig.redis.get('k:list'),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(rig.redis.get('k:list')).rejects.toThrow('WRONGTYPE');
  expect(await calls(server, 'get')).toBe(2);
  expect(await rig.redis.mGet(['k:list'])).toEqual([null]);
  await expect(rig.redis.get('k:list')).rejects.toThrow('WRONGTYPE');
});

test('a connection that breaks fails those who wait, and the next read works', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'value');
  const [leader] = await rig.heldRead(() => rig.redis.get('k:1'));
  const joined = rig.redis.get('k:1');
  const outcomes = Promise.allSettled([leader, joined]);
  rig.data.heal();
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await rig.redis.get('k:1')).toBe('value');
});

interface V6 {
  get(key: string): Promise<unknown>;
  mGet(keys: string[]): Promise<unknown>;
}

test.each([
  ['get', (redis: V6) => redis.get('k:patient'), 'value'],
  ['mGet', (redis: V6) => redis.mGet(['k:patient']), ['value']],
] as const)(
  'the timeout of the reader who started %s does not reach those who joined it',
  async (_, read, value) => {
    const data = await TcpProxy.start(server.port);
    const client = createV6({
      url: data.url,
      socket: { reconnectStrategy: 20 },
      commandOptions: { timeout: 150 },
    });
    client.on('error', () => {});
    await using redis = withNearCache(client, { prefixes: ['k:'], tracking: { url: server.url } });
    await redis.connect();
    await redis.near.ready();
    const before = redis.near.stats().prefixes['k:']?.invalidations ?? 0;
    await server.command('SET', 'k:patient', 'value');
    await until(() => redis.near.stats().prefixes['k:']?.invalidations === before + 1);
    // The data connection is away, the tracking connection is not: reads wait to be written.
    await data.away();
    await until(() => !client.isReady);
    const leader = read(redis).catch((error: unknown) => error);
    await until(() => redis.near.stats().prefixes['k:']?.misses === 1);
    // By somebody who has waited for less long.
    const joined = read(redis);
    expect(redis.near.stats().prefixes['k:']?.coalesced).toBe(1);
    expect(await leader).toBeInstanceOf(TimeoutError);
    await data.back();
    expect(await joined).toEqual(value);
    await data.stop();
  },
);

test('a reader with another timeout than the client’s keeps it', async () => {
  const data = await TcpProxy.start(server.port);
  const client = createV6({
    url: data.url,
    socket: { reconnectStrategy: 20 },
    commandOptions: { timeout: 100 },
  });
  client.on('error', () => {});
  await using redis = withNearCache(client, { prefixes: ['k:'], tracking: { url: server.url } });
  await redis.connect();
  await redis.near.ready();
  await server.command('SET', 'k:slow', 'value');
  await until(() => redis.near.stats().prefixes['k:']?.invalidations === 1);
  await data.away();
  await until(() => !client.isReady);
  const slow = redis.withCommandOptions({ timeout: 60_000 }).get('k:slow');
  const endless = redis.withCommandOptions({ timeout: 0 }).mGet(['k:slow']);
  expect(await redis.get('k:slow').catch((error: unknown) => error)).toBeInstanceOf(TimeoutError);
  await data.back();
  expect(await Promise.all([slow, endless])).toEqual(['value', ['value']]);
  await data.stop();
});
