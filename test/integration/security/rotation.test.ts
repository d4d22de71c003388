// Rotation of passwords and users under load: hits are missing for no longer than a reconnect takes. Each test prints what it
// measured.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client, Near } from '../../support/client.js';
import { discard, wrap } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { type Major, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { Load } from './hit-load.js';
import { AsyncProvider, StreamingProvider } from './provider-rig.js';

const EARS = 'shop-tracking';
const LISTENS = ['resetkeys', '+client|tracking', '+ping', '+role'];

let server: RedisServer;
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await server.stop();
});

/** Jitter in the middle of its range: reconnects are as quick as they are on average. */
async function serving(raw: Client, tracking: object = {}): Promise<Near> {
  const redis = wrap(raw, { prefixes: ['k:'], heartbeat: 50, random: () => 0.5, tracking });
  closers.push(async () => {
    redis.near.close();
    await discard(raw).catch(() => {});
  });
  await redis.connect();
  await redis.near.ready();
  return redis;
}

async function user(name: string, ...rules: string[]): Promise<void> {
  await server.command('ACL', 'SETUSER', name, ...rules);
}

async function users(): Promise<string[]> {
  const rows = String(await server.command('CLIENT', 'LIST')).split('\n');
  return rows.filter((row) => row.includes(':tracking ')).map((row) => / user=(\S+)/.exec(row)?.[1] ?? '');
}

async function isRefused(username: string, password: string): Promise<boolean> {
  const client = single(5, server.url, { username, password, socket: { reconnectStrategy: false } });
  return client.connect().then(
    () => discard(client).then(() => false),
    (error: Error) => error.message.startsWith('WRONGPASS'),
  );
}

/** A session more than before, after `interrupt`. @returns for how long hits were missing. Unit: ms */
async function reconnected(redis: Near, load: Load, interrupt: () => Promise<unknown>): Promise<number> {
  const before = redis.near.stats().tracking[0]?.reconnects ?? 0;
  load.mark();
  await interrupt();
  await until(() => (redis.near.stats().tracking[0]?.reconnects ?? 0) > before, 10_000, 'a reconnect');
  await load.hitsAgain();
  return load.longestGap;
}

/** What a plain reconnect costs here, with nothing rotated. */
async function plainReconnect(redis: Near, load: Load): Promise<number> {
  const kill = async (): Promise<void> => {
    const rows = String(await server.command('CLIENT', 'LIST')).split('\n');
    const id = /id=(\d+)/.exec(rows.find((row) => row.includes(':tracking ')) ?? '')?.[1] ?? '';
    await server.command('CLIENT', 'KILL', 'ID', id);
  };
  return reconnected(redis, load, kill);
}

/** A busy machine is no reason to fail. Unit: ms. */
const SLACK = 400;

function report(what: string, gap: number, plain: number): void {
  process.stdout.write(
    `${what}: hits missing for ${gap.toFixed(1)} ms, plain reconnect ${plain.toFixed(1)} ms\n`,
  );
  expect(gap).toBeLessThan(plain + SLACK);
}

describe('two passwords of one user', () => {
  test.each([4, 5, 6] as const)(
    'running processes notice nothing, new ones have the new one (v%i)',
    async (major: Major) => {
      await user(EARS, 'on', '>old', ...LISTENS);
      const redis = await serving(single(major, server.url), { username: EARS, password: 'old' });
      await using load = await Load.start(redis, server);
      const plain = await plainReconnect(redis, load);
      const { reconnects, epoch } = redis.near.stats().tracking[0] ?? {};
      load.mark();
      await user(EARS, '>new');
      const rolled = await serving(single(major, server.url), { username: EARS, password: 'new' });
      await user(EARS, '<old');
      await load.hitsAgain();
      report(`two passwords, v${major}`, load.longestGap, plain);
      expect(redis.near.stats().tracking[0]).toMatchObject({ reconnects, epoch, state: 'armed' });
      expect(rolled.near.state).toBe('serving');
      expect(await isRefused(EARS, 'old')).toBe(true);
    },
  );

  test('a process that kept the old one is refused at its next reconnect', async () => {
    await user(EARS, 'on', '>old', ...LISTENS);
    const redis = await serving(single(6, server.url), { username: EARS, password: 'old' });
    await user(EARS, '>new', '<old');
    const refused = new Promise((resolve) => redis.near.once('error', resolve));
    const again = new Promise((resolve) =>
      redis.near.on('error', (error) => {
        if (error.code === 'ERR_NEAR_TRACKING_DENIED') resolve(error);
      }),
    );
    await server.command('CLIENT', 'KILL', 'USER', EARS);
    await refused;
    expect(await again).toMatchObject({ code: 'ERR_NEAR_TRACKING_DENIED' });
    expect(redis.near.state).toBe('bypass');
  });

  test.each([5, 6] as const)('by an async provider, connection by connection (v%i)', async (major) => {
    await user('shop', 'on', '>old', '~*', '&*', '+@all');
    const provider = new AsyncProvider('shop', () => 'old');
    const redis = await serving(single(major, server.url, { credentialsProvider: provider }));
    await using load = await Load.start(redis, server);
    const plain = await plainReconnect(redis, load);
    const gap = await reconnected(redis, load, async () => {
      await user('shop', '>new');
      provider.password = () => 'new';
      await server.command('CLIENT', 'KILL', 'USER', 'shop');
      await user('shop', '<old');
    });
    report(`async provider, v${major}`, gap, plain);
    expect(await isRefused('shop', 'old')).toBe(true);
  });

  test.each([5, 6] as const)('by a streaming provider, without a reconnect (v%i)', async (major) => {
    await user('shop', 'on', '>old', '~*', '&*', '+@all');
    const provider = new StreamingProvider('shop', () => 'old');
    const redis = await serving(single(major, server.url, { credentialsProvider: provider }));
    await using load = await Load.start(redis, server);
    const plain = await plainReconnect(redis, load);
    const { reconnects, epoch } = redis.near.stats().tracking[0] ?? {};
    load.mark();
    await user('shop', '>new');
    provider.give('shop', () => 'new');
    await user('shop', '<old');
    await load.hitsAgain();
    report(`streaming provider, v${major}`, load.longestGap, plain);
    expect(redis.near.stats().tracking[0]).toMatchObject({ reconnects, epoch, state: 'armed' });
    expect(provider.failures).toEqual([]);
    expect(await isRefused('shop', 'old')).toBe(true);
  });
});

describe('a transition user', () => {
  test.each([5, 6] as const)('takes over when the old one is deleted (v%i)', async (major) => {
    for (const name of ['shop-a', 'shop-b']) await user(name, 'on', `>of ${name}`, '~*', '&*', '+@all');
    const provider = new AsyncProvider('shop-a');
    const redis = await serving(single(major, server.url, { credentialsProvider: provider }));
    await using load = await Load.start(redis, server);
    const plain = await plainReconnect(redis, load);
    const gap = await reconnected(redis, load, async () => {
      provider.user = 'shop-b';
      // Ends the connections of that user.
      await server.command('ACL', 'DELUSER', 'shop-a');
    });
    report(`transition user, v${major}`, gap, plain);
    expect(await users()).toEqual(['shop-b']);
  });

  test.each([4, 6] as const)(
    'is what new processes have, while running ones go on as the old one (v%i)',
    async (major) => {
      for (const name of ['ears-a', 'ears-b']) await user(name, 'on', `>of ${name}`, ...LISTENS);
      const redis = await serving(single(major, server.url), { username: 'ears-a', password: 'of ears-a' });
      await using load = await Load.start(redis, server);
      const plain = await plainReconnect(redis, load);
      load.mark();
      const rolled = await serving(single(major, server.url), { username: 'ears-b', password: 'of ears-b' });
      await load.hitsAgain();
      report(`transition user, new process, v${major}`, load.longestGap, plain);
      expect((await users()).sort()).toEqual(['ears-a', 'ears-b']);
      // Nobody is left behind once the old processes are gone.
      redis.near.close();
      await server.command('ACL', 'DELUSER', 'ears-a');
      expect(rolled.near.state).toBe('serving');
    },
  );
});
