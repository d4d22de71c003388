// Rule C4 for what a program adds to its client: scripts, functions and modules become methods of it, and the
// cache knows what they write, or stops serving until it does.

import { createClient, defineScript } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { connectPlain, type PlainClient } from '../../support/rig.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

const LIBRARY = `#!lua name=samples
redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function('putAnywhere', function(keys, args) return redis.call('SET', args[1], args[2]) end)`;

const keyAndValue = (key: string, value: string): string[] => [key, value];

function extendedClient(url: string) {
  return createClient({
    url,
    scripts: {
      put: defineScript({
        NUMBER_OF_KEYS: 1,
        SCRIPT: "return redis.call('SET', KEYS[1], ARGV[1])",
        transformArguments: keyAndValue,
        transformReply: (reply: string) => reply,
      }),
      putAnywhere: defineScript({
        NUMBER_OF_KEYS: 0,
        SCRIPT: "return redis.call('SET', ARGV[1], ARGV[2])",
        transformArguments: keyAndValue,
        transformReply: (reply: string) => reply,
      }),
      // As many keys as the caller says.
      putAll: defineScript({
        SCRIPT: "for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1]) end",
        transformArguments: (keys: string[], value: string) => [`${keys.length}`, ...keys, value],
        transformReply: () => undefined,
      }),
    },
    functions: {
      samples: {
        put: { NUMBER_OF_KEYS: 1, transformArguments: keyAndValue, transformReply: () => undefined },
        putAnywhere: { NUMBER_OF_KEYS: 0, transformArguments: keyAndValue, transformReply: () => undefined },
      },
    },
    modules: {
      text: {
        put: { transformArguments: (key: string, value: string) => ['SET', key, value] },
        // A command of the module's own: only the server knows what it does.
        append: { transformArguments: (key: string, value: string) => ['TEXT.APPEND', key, value] },
      },
    },
  });
}

function wrap(client: ReturnType<typeof extendedClient>, trackingUrl: string) {
  return withNearCache(client, {
    prefixes: [''],
    // No proof of life comes through while invalidations are held: the lease has to outlast the tests.
    maxStaleness: 600_000,
    tracking: { url: trackingUrl },
  });
}

type Redis = ReturnType<typeof wrap>;

let server: RedisServer;
let tracking: TcpProxy;
let redis: Redis;
let outsider: PlainClient;

beforeAll(async () => {
  // A module that brings its own command, as far as a client can see.
  server = await RedisServer.start('--rename-command', 'APPEND', 'TEXT.APPEND');
  tracking = await TcpProxy.start(server.port);
  outsider = await connectPlain(server.url);
  await outsider.functionLoad(LIBRARY);
  redis = wrap(extendedClient(server.url), tracking.url);
  redis.on('error', () => {});
  await redis.connect();
  await redis.near.ready();
});
afterAll(async () => {
  await redis.disconnect();
  await outsider.disconnect();
  await tracking.stop();
  await server.stop();
});

/** The cache holds `a` and `b` and hears of no change. */
beforeEach(async () => {
  tracking.release('down');
  await outsider.mSet({ a: 'old', b: 'old' });
  await until(async () => {
    await redis.mGet(['a', 'b']);
    return redis.near.peek('a') === 'old' && redis.near.peek('b') === 'old';
  });
  tracking.hold('down');
});

type Write = (redis: Redis) => Promise<unknown>;

describe('what is written under a declared key is read right afterwards, by', () => {
  const writes: Record<string, Write> = {
    'a script': (redis) => redis.put('a', 'new'),
    'a script on an isolated connection': (redis) =>
      redis.put(redis.commandOptions({ isolated: true }), 'a', 'new'),
    'a script in executeIsolated()': (redis) => redis.executeIsolated((isolated) => isolated.put('a', 'new')),
    'a script in a transaction': (redis) => redis.multi().ping().put('a', 'new').exec(),
    'a script in a pipeline, twice': (redis) =>
      redis.multi().put('a', 'old').put('a', 'new').execAsPipeline(),
    'a script with a count of its own': (redis) => redis.putAll(['b', 'a'], 'new'),
    'a function': (redis) => redis.samples.put('a', 'new'),
    'a function in executeIsolated()': (redis) =>
      redis.executeIsolated((isolated) => isolated.samples.put('a', 'new')),
    'a function in a transaction': (redis) => redis.multi().samples.put('a', 'new').exec(),
    'a function in a pipeline': (redis) => redis.multi().samples.put('a', 'new').execAsPipeline(),
    'a module': (redis) => redis.text.put('a', 'new'),
    'a module, with options': (redis) => redis.text.put(redis.commandOptions({ isolated: true }), 'a', 'new'),
    'a module in executeIsolated()': (redis) =>
      redis.executeIsolated((isolated) => isolated.text.put('a', 'new')),
    'a module in a transaction': (redis) => redis.multi().text.put('a', 'new').exec(),
  };

  test.each(Object.entries(writes))('%s', async (_, write) => {
    await write(redis);
    expect(await redis.get('a')).toBe('new');
    expect(redis.near.state, 'the cache goes on for all other keys').toBe('serving');
  });
});

describe('what may have been written anywhere is read from Redis until the server has proven all, by', () => {
  const writes: Record<string, Write> = {
    'a script without keys': (redis) => redis.putAnywhere('a', 'oldnew'),
    'a script without keys in a transaction': (redis) => redis.multi().putAnywhere('a', 'oldnew').exec(),
    'a script without keys in a pipeline': (redis) =>
      redis.multi().putAnywhere('a', 'oldnew').execAsPipeline(),
    'a script without keys in executeIsolated()': (redis) =>
      redis.executeIsolated((isolated) => isolated.putAnywhere('a', 'oldnew')),
    'a function without keys': (redis) => redis.samples.putAnywhere('a', 'oldnew'),
    'an unknown command of a module': (redis) => redis.text.append('a', 'new'),
    'an unknown command of a module in a transaction': (redis) =>
      redis.multi().text.append('a', 'new').exec(),
    'an unknown command of a module in executeIsolated()': (redis) =>
      redis.executeIsolated((isolated) => isolated.text.append('a', 'new')),
    'an unknown command': (redis) => redis.sendCommand(['TEXT.APPEND', 'a', 'new']),
    'eval() without keys': (redis) => redis.eval("return redis.call('SET', 'a', 'oldnew')"),
  };

  test.each(Object.entries(writes))('%s', async (_, write) => {
    await write(redis);
    expect(await redis.get('a')).toBe('oldnew');
    expect(redis.near.state).toBe('bypass');
    tracking.release('down');
    await until(() => redis.near.state === 'serving');
    expect(await redis.mGet(['a', 'b'])).toEqual(['oldnew', 'old']);
  });
});
