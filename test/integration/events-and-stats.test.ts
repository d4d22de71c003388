// What a user can see: states, events, counters per prefix. Small objects, never values.

import { expect, test } from 'vitest';
import { makeRig } from '../support/rig.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';

const server = await useServer();

test('stats() is a plain snapshot with every designed field', async () => {
  await using rig = await makeRig(server);
  await rig.redis.get('k:1');
  await rig.redis.get('k:1');
  await until(() => rig.redis.near.stats().tracking[0]?.rtt !== null);
  const stats = rig.redis.near.stats();
  expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
  expect(stats).toEqual({
    state: 'serving',
    entries: 1,
    bytes: expect.any(Number),
    maxEntries: 10_000,
    maxBytes: 67_108_864,
    flushes: 0,
    evictions: 0,
    prefixes: {
      'k:': {
        hits: 1,
        misses: 1,
        coalesced: 0,
        bypassed: 0,
        hitRatio: 0.5,
        fills: 1,
        discardedFills: 0,
        invalidations: 0,
        wastedInvalidations: 0,
        evictions: 0,
        entries: 1,
      },
    },
    loaders: {},
    tracking: [
      {
        node: `127.0.0.1:${rig.tracking.port}`,
        role: 'primary',
        state: 'armed',
        epoch: 1,
        rtt: expect.any(Number),
        reconnects: 0,
        invalidations: 0,
        leaseRemaining: expect.any(Number),
        lag: null,
        answers: true,
        replicaReads: 0,
      },
    ],
  });
});

test('an invalidation of what was not held is counted as wasted', async () => {
  await using rig = await makeRig(server);
  await rig.redis.get('k:held');
  await rig.outsider.set('k:held', 'x');
  await rig.outsider.set('k:not held', 'x');
  await until(() => rig.prefix().invalidations === 2);
  expect(rig.prefix()).toMatchObject({ wastedInvalidations: 1 });
});

test('one event names the keys that one turn brought; nobody pays for it who does not listen', async () => {
  await using rig = await makeRig(server);
  const events: unknown[] = [];
  rig.redis.near.on('invalidate', (event) => events.push(event));
  await rig.outsider.mSet({ 'k:1': 'a', 'k:2': 'b', 'other:1': 'c' });
  await until(() => events.length > 0);
  await rig.outsider.flushAll();
  await until(() => events.length > 1);
  const node = `127.0.0.1:${rig.tracking.port}`;
  expect(events).toEqual([
    { node, keys: expect.arrayContaining(['k:1', 'k:2']) },
    { node, keys: null },
  ]);
});

test('invalidate() and clear() drop what this process holds', async () => {
  await using rig = await makeRig(server);
  await rig.redis.mGet(['k:1', 'k:2', 'k:3']);
  rig.redis.near.invalidate('k:1');
  rig.redis.near.invalidate(['k:2', 'k:unknown']);
  expect(['k:1', 'k:2', 'k:3'].map((key) => rig.redis.near.peek(key))).toEqual([undefined, undefined, null]);
  const [read] = await rig.heldRead(() => rig.redis.get('k:1'));
  rig.redis.near.invalidate('k:1');
  rig.data.release('down');
  await read;
  expect(rig.redis.near.peek('k:1')).toBeUndefined();
  rig.redis.near.clear();
  expect(rig.redis.near.stats().entries).toBe(0);
});

test('peek() counts nowhere', async () => {
  await using rig = await makeRig(server);
  await rig.redis.get('k:1');
  rig.redis.near.peek('k:1');
  rig.redis.near.peek('k:2');
  expect(rig.prefix()).toMatchObject({ hits: 0, misses: 1 });
});

test('a lost connection is an error event with a code, and a pass-through', async () => {
  await using rig = await makeRig(server);
  const error = new Promise((resolve) => rig.redis.near.once('error', resolve));
  rig.tracking.cut();
  expect(await error).toMatchObject({ code: 'ERR_NEAR_TRACKING_LOST', cause: expect.any(Error) });
});

test('PTTL that may not be asked for costs the fill and an error event, never the read', async () => {
  await server.command('ACL', 'SETUSER', 'nopttl', 'on', '>pw', '~*', '+@all', '-pttl');
  await using rig = await makeRig(server);
  const errors: unknown[] = [];
  rig.redis.near.on('error', (error) => errors.push(error));
  await rig.redis.set('k:1', 'value');
  await rig.redis.auth({ username: 'nopttl', password: 'pw' });
  for (let i = 0; i < 3; i++) expect(await rig.redis.get('k:1')).toBe('value');
  expect(await rig.redis.mGet(['k:1'])).toEqual(['value']);
  expect(errors).toEqual([expect.objectContaining({ code: 'ERR_NEAR_FAULT' })]);
  expect(rig.prefix()).toMatchObject({ entries: 0, discardedFills: 4 });
});

test('a listener that throws breaks nothing but itself', async () => {
  await using rig = await makeRig(server);
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  rig.redis.near.once('flush', () => {
    throw new Error('in a listener');
  });
  rig.tracking.cut();
  await until(() => uncaught.length === 1);
  process.removeAllListeners('uncaughtException');
  for (const listener of others) process.on('uncaughtException', listener);
  expect(uncaught).toEqual([new Error('in a listener')]);
  await rig.serving();
  await rig.redis.get('k:1');
  expect(rig.redis.near.peek('k:1')).toBeNull();
});

test('the logger hears of states and errors and never of values', async () => {
  const lines: string[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  await using rig = await makeRig(server, { logger });
  await rig.redis.set('k:1', 'top secret');
  await rig.redis.get('k:1');
  rig.tracking.cut();
  await until(() => lines.some((line) => line.startsWith('error')));
  await rig.serving();
  expect(lines.some((line) => line.startsWith('info'))).toBe(true);
  expect(lines.join()).not.toContain('top secret');
});

test('a fault inside the cache never fails a read: it is an error event and a pass-through', async () => {
  let broken = false;
  const clock = () => {
    if (broken) throw new Error('broken clock');
    return performance.now();
  };
  await using rig = await makeRig(server, { clock, heartbeat: 20_000, maxStaleness: 60_000 });
  const errors: unknown[] = [];
  rig.redis.near.on('error', (error) => errors.push(error));
  await rig.redis.set('k:1', 'value');
  await rig.redis.get('k:1');
  await until(() => rig.prefix().invalidations === 1);
  broken = true;
  expect(await rig.redis.get('k:1')).toBe('value');
  expect(await rig.redis.mGet(['k:2', 'k:1'])).toEqual([null, 'value']);
  expect(await rig.redis.hGetAll('k:3')).toEqual({});
  broken = false;
  // One for each thing that could not be done, however often.
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) expect(error).toMatchObject({ code: 'ERR_NEAR_FAULT' });
  expect(new Set(errors.map(String)).size).toBe(errors.length);
  expect(await rig.redis.get('k:1')).toBe('value');
});
