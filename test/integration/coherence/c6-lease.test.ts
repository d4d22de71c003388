// Rule C6: entries are served only while heartbeats prove that invalidations arrive; no proof in time means bypass.

import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';
import { describe, expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { blockEventLoop, makeRig, type Rig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const LEASE = { heartbeat: 100, maxStaleness: 500 };

const server = await useServer();

async function primed(options = {}): Promise<Rig> {
  const rig = await makeRig(server, { ...LEASE, ...options });
  await rig.outsider.set('k:1', 'old');
  await until(async () => (await rig.redis.get('k:1')) === 'old' && rig.redis.near.peek('k:1') === 'old');
  return rig;
}

describe('with a half-open tracking connection', () => {
  test('no stale value is served after maxStaleness', async () => {
    await using rig = await primed();
    rig.tracking.blackhole();
    await rig.outsider.set('k:1', 'new');
    const written = performance.now();
    let stale = 0;
    let started = performance.now();
    await until(async () => {
      started = performance.now();
      const value = await rig.redis.get('k:1');
      if (value === 'old' && started - written > LEASE.maxStaleness) stale++;
      return value === 'new';
    });
    expect(stale).toBe(0);
    await until(() => rig.redis.near.state === 'bypass');
    rig.tracking.heal();
    await rig.serving();
  });

  test('nor right after the event loop was blocked for longer than that', async () => {
    await using rig = await primed();
    rig.tracking.blackhole();
    await rig.outsider.set('k:1', 'new');
    blockEventLoop(LEASE.maxStaleness + 100);
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
    expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('nor when a hit came right before the block, in the same turn', async () => {
    await using rig = await primed();
    rig.tracking.blackhole();
    await rig.outsider.set('k:1', 'new');
    expect(await rig.redis.get('k:1')).toBe('old');
    blockEventLoop(LEASE.maxStaleness + 100);
    expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('nor in an endless chain of microtasks that never lets the event loop turn', async () => {
    await using rig = await primed();
    rig.tracking.blackhole();
    await rig.outsider.set('k:1', 'new');
    const written = performance.now();
    // Hits resolve in microtasks: only the lease can end this loop.
    while ((await rig.redis.get('k:1')) === 'old') {
      expect(performance.now() - written).toBeLessThan(LEASE.maxStaleness + 200);
    }
  });
});

test('a connection that fell silent is given up, and a new one takes its place', async () => {
  await using rig = await primed();
  rig.tracking.strand();
  await until(() => rig.redis.near.stats().tracking[0]?.reconnects === 1);
  await rig.serving();
  await rig.outsider.set('k:1', 'new');
  await until(async () => (await rig.redis.get('k:1')) === 'new');
});

test('a frozen server costs the lease, and its thaw brings the cache back', async () => {
  await using rig = await primed();
  const reasons: string[] = [];
  rig.redis.near.on('state', ({ reason }) => reasons.push(reason));
  server.freeze();
  try {
    await until(() => reasons.length > 0);
    expect(reasons).toEqual(['lease']);
  } finally {
    server.thaw();
  }
  await rig.serving();
  expect(await rig.redis.get('k:1')).toBe('old');
});

test('an answer to PING that is not PONG proves nothing', async () => {
  await using rig = await primed();
  await server.command('CONFIG', 'SET', 'lua-time-limit', '1');
  // Every PING is answered with BUSY meanwhile.
  const script = server.command('EVAL', 'while true do end', '0').catch((error: unknown) => error);
  await until(() => rig.redis.near.state === 'bypass');
  await server.command('SCRIPT', 'KILL');
  await script;
  await server.command('CONFIG', 'SET', 'lua-time-limit', '5000');
  await rig.serving();
});

test('a permission to PING that is taken away ends the session', async () => {
  await server.command('ACL', 'SETUSER', 'tracker', 'on', '>secret', '+client|tracking', '+ping');
  await using rig = await primed({ tracking: { username: 'tracker', password: 'secret' } });
  await server.command('ACL', 'SETUSER', 'tracker', '-ping');
  await until(() => rig.redis.near.state === 'bypass');
  await expect(rig.redis.near.ready()).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_DENIED' });
});

test('heartbeats keep the lease while nothing else happens', async () => {
  await using rig = await primed();
  const states: string[] = [];
  rig.redis.near.on('state', ({ to }) => states.push(to));
  const end = performance.now() + 3 * LEASE.maxStaleness;
  await until(() => performance.now() > end);
  expect(rig.redis.near.peek('k:1')).toBe('old');
  expect(states).toEqual([]);
});

test('a reply to PING that is no error and no PONG proves nothing either', async () => {
  // INFO takes a word or none, as PING does.
  const odd = await RedisServer.start(
    '--rename-command',
    'PING',
    'PONGLESS',
    '--rename-command',
    'INFO',
    'PING',
  );
  try {
    await using redis = withNearCache(createClient({ url: odd.url }), { prefixes: ['k:'], ...LEASE });
    const codes: string[] = [];
    redis.near.on('error', ({ code }) => codes.push(code));
    await redis.connect();
    await until(() => codes.length >= 3);
    expect(new Set(codes)).toEqual(new Set(['ERR_NEAR_TRACKING_LOST']));
    expect(redis.near.stats().tracking[0]).toMatchObject({ epoch: 0 });
    expect(redis.near.state).toBe('bypass');
  } finally {
    await odd.stop();
  }
});
