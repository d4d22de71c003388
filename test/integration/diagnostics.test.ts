// The channels of node:diagnostics_channel on a real server: what listeners are told, and which near cache it was.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { NearCacheChannels } from 'redis-near-cache';
import { afterEach, expect, test } from 'vitest';
import { makeRig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();

let undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo) step();
  undo = [];
});

/** Messages of a channel as they come, until the test ends. */
function heardOn<C extends keyof NearCacheChannels>(name: C): NearCacheChannels[C][] {
  const messages: NearCacheChannels[C][] = [];
  const listener = (message: unknown) => void messages.push(message as NearCacheChannels[C]);
  subscribe(name, listener);
  undo.push(() => unsubscribe(name, listener));
  return messages;
}

test('each channel tells what the event of that name tells, and of which near cache', async () => {
  const states = heardOn('redis-near-cache:state');
  const invalidations = heardOn('redis-near-cache:invalidate');
  const flushes = heardOn('redis-near-cache:flush');
  const evictions = heardOn('redis-near-cache:evict');
  const errors = heardOn('redis-near-cache:error');
  await using rig = await makeRig(server, { maxEntries: 1 });
  const { near } = rig.redis;
  expect(states).toEqual([{ near, from: 'connecting', to: 'serving', reason: 'armed' }]);
  expect(states[0]?.near).toBe(near);

  await rig.redis.mGet(['k:1', 'k:2']);
  expect(evictions).toEqual([{ near, key: 'k:1', prefix: 'k:' }]);

  const node = `127.0.0.1:${rig.tracking.port}`;
  await rig.outsider.set('k:2', 'x');
  await until(() => invalidations.length === 1);
  await rig.outsider.flushAll();
  await until(() => invalidations.length === 2);
  expect(invalidations).toEqual([
    { near, node, keys: ['k:2'] },
    { near, node, keys: null },
  ]);

  near.clear();
  expect(flushes.at(-1)).toEqual({ near, reason: 'clear', entries: 0 });

  rig.tracking.cut();
  await until(() => errors.length > 0);
  expect(errors[0]?.near).toBe(near);
  expect(errors[0]?.error).toMatchObject({ code: 'ERR_NEAR_TRACKING_LOST' });
  expect(states.some(({ to }) => to === 'bypass')).toBe(true);
});

test('a warning names its code', async () => {
  const warnings = heardOn('redis-near-cache:warning');
  await using rig = await makeRig(server);
  rig.redis.near.warn('code', 'message');
  expect(warnings).toEqual([{ near: rig.redis.near, code: 'code', message: 'message' }]);
});

test('messages tell near caches apart', async () => {
  await using one = await makeRig(server);
  await using two = await makeRig(server);
  const flushes = heardOn('redis-near-cache:flush');
  two.redis.near.clear();
  one.redis.near.clear();
  expect(flushes.map(({ near }) => near === one.redis.near)).toEqual([false, true]);
});

test('keys that were pushed while nobody subscribed are not kept for those who come later', async () => {
  await using rig = await makeRig(server);
  await rig.outsider.set('k:1', 'x');
  await until(() => rig.prefix().invalidations === 1);
  const late = heardOn('redis-near-cache:invalidate');
  await rig.outsider.set('k:2', 'x');
  await until(() => late.length > 0);
  expect(late.map(({ keys }) => keys)).toEqual([['k:2']]);
});

test('a subscriber that throws breaks nothing but itself', async () => {
  await using rig = await makeRig(server);
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  const throwing = () => {
    throw new Error('in a subscriber');
  };
  subscribe('redis-near-cache:flush', throwing);
  const after = heardOn('redis-near-cache:flush');
  rig.tracking.cut();
  await until(() => uncaught.length === 1);
  unsubscribe('redis-near-cache:flush', throwing);
  process.removeAllListeners('uncaughtException');
  for (const listener of others) process.on('uncaughtException', listener);
  expect(uncaught).toEqual([new Error('in a subscriber')]);
  expect(after.length).toBeGreaterThan(0);
  await rig.serving();
  await rig.redis.get('k:1');
  expect(rig.redis.near.peek('k:1')).toBeNull();
});
