// Closed at odd moments: whatever settles settles as on the bare client, and nothing is left of the cache.

import { afterAll, describe, expect, test } from 'vitest';
import { type Client, call, outcome } from '../../support/client.js';
import { byName, discard, KINDS, type Kind, wrap } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();
const mortal = await RedisServer.start();
afterAll(() => mortal.stop());

const OPTIONS = { prefixes: ['k:'], tracking: { reconnectStrategy: 20 } };
/** What has not settled by then does not. Unit: ms. */
const NEVER = 1_500;

type Play = (client: Client, close: string) => Promise<unknown>;

/** What comes of a call, or that nothing does. */
async function fate(send: () => unknown): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise((resolve) => {
    timer = setTimeout(resolve, NEVER, 'never settles');
  });
  const told = await Promise.race([outcome(send), never]);
  clearTimeout(timer);
  // What a client is answered differs from what a wrapped one is, by the client itself.
  if (typeof told === 'object' && told !== null && 'reply' in told && typeof told.reply === 'object')
    return { reply: told.reply === null ? null : 'an object' };
  return told;
}

/** A pool that has just lent a connection, or has none to lend, would make another one, and wait for that. */
function atRest(client: Client): Promise<void> {
  const idle = (): unknown => Reflect.get(client, 'idleClients');
  return until(
    () => idle() === Reflect.get(client, 'totalClients') && (idle() === undefined || Number(idle()) > 1),
  );
}

const PLAYS: readonly { readonly when: string; readonly play: Play }[] = [
  {
    when: 'before connect',
    play: async (client, close) => [
      await fate(() => call(client, close)),
      await fate(() => client.get('k:1')),
    ],
  },
  {
    when: 'right after connect was called',
    play: async (client, close) => {
      const connecting = fate(() => client.connect());
      const closing = fate(() => call(client, close));
      return [await connecting, await closing];
    },
  },
  {
    when: 'twice',
    play: async (client, close) => {
      await client.connect();
      await atRest(client);
      return [await fate(() => call(client, close)), await fate(() => call(client, close))];
    },
  },
  {
    when: 'twice at once',
    play: async (client, close) => {
      await client.connect();
      await atRest(client);
      const first = fate(() => call(client, close));
      const second = fate(() => call(client, close));
      return [await first, await second];
    },
  },
  {
    when: 'in every way at once',
    play: async (client, close) => {
      await client.connect();
      await atRest(client);
      const others = ['close', 'quit', 'disconnect', 'destroy'].filter(
        (way) => way in client && way !== close,
      );
      return Promise.all([close, ...others].map((way) => fate(() => call(client, way))));
    },
  },
  {
    when: 'while several read the same key',
    play: async (client, close) => {
      await client.connect();
      await atRest(client);
      const reads = [fate(() => client.get('k:1')), fate(() => client.exists('k:1'))];
      const closing = fate(() => call(client, close));
      return [...(await Promise.all(reads)), await closing];
    },
  },
  {
    when: 'and connected again, three times',
    play: async (client, close) => {
      const told: unknown[] = [];
      for (let round = 0; round < 3; round++) {
        told.push(await fate(() => client.connect()));
        await atRest(client);
        told.push(await fate(() => client.get('k:1')), await fate(() => call(client, close)));
      }
      return told;
    },
  },
];

async function connections(): Promise<number> {
  return String(await server.command('CLIENT', 'LIST'))
    .trim()
    .split('\n').length;
}

/** What the bare client and the wrapped one do, and the latter. */
async function both(kind: Kind, url: string, close: string, play: Play) {
  const bare = kind.create(url);
  const expected = await play(bare, close);
  const raw = kind.create(url);
  const redis = wrap(raw, OPTIONS);
  const told = await play(redis, close);
  return { bare, expected, raw, redis, told };
}

describe.each(byName(KINDS))('%s', (_, kind) => {
  // v4 itself fails with an uncaught exception if it is closed in two ways at once.
  const plays = PLAYS.filter(({ when }) => kind.major > 4 || when !== 'in every way at once');

  describe.each(plays)('closed $when', ({ play }) => {
    test.each(kind.closing)('by %s()', async (close) => {
      const { bare, expected, raw, redis, told } = await both(kind, server.url, close, play);
      expect(told).toStrictEqual(expected);
      redis.near.close();
      expect(redis.near.state).toBe('closed');
      expect(redis.near.stats()).toMatchObject({ entries: 0, bytes: 0 });
      await Promise.all([discard(bare).catch(() => {}), discard(raw).catch(() => {})]);
    });
  });

  test.each(kind.closing)('closed by %s() after the server died', async (close) => {
    if (!mortal.isRunning) await mortal.launch();
    const play: Play = async (client) => {
      if (!mortal.isRunning) await mortal.launch();
      await client.connect();
      await client.get('k:1');
      await mortal.kill();
      await until(() => kind.pool || !client.isReady);
      return fate(() => call(client, close));
    };
    const { bare, expected, raw, redis, told } = await both(kind, mortal.url, close, play);
    // What quit() does hangs on whether an attempt to connect is under way at that moment.
    const isChance = close.toLowerCase() === 'quit';
    if (!isChance) expect(told).toStrictEqual(expected);
    redis.near.close();
    expect(redis.near.stats()).toMatchObject({ state: 'closed', entries: 0 });
    await Promise.all([discard(bare).catch(() => {}), discard(raw).catch(() => {})]);
  });

  test('near.close() twice, before connect, and with the client', async () => {
    const before = await connections();
    const raw = kind.create(server.url);
    const redis = wrap(raw, OPTIONS);
    redis.near.close();
    redis.near.close();
    await redis.connect();
    expect(redis.near.state).toBe('closed');
    expect(await redis.get('k:1')).toBeNull();
    expect(redis.near.peek('k:1')).toBeUndefined();
    await atRest(raw);
    await Promise.all(
      [call(redis, kind.closing[0] ?? ''), redis[Symbol.asyncDispose]()].map((end) => outcome(() => end)),
    );
    redis.near.close();
    await until(async () => (await connections()) <= before, 5_000, 'no connection to be left');
  });

  test('near.close() while reads are under way: they are answered, and not held', async () => {
    const raw = kind.create(server.url);
    const redis = wrap(raw, OPTIONS);
    await redis.connect();
    await redis.near.ready();
    await redis.set('k:1', 'value');
    const reads = [redis.get('k:1'), redis.get('k:1'), redis.mGet(['k:1', 'k:2']), redis.exists('k:1')];
    redis.near.close();
    expect(await Promise.all(reads)).toEqual(['value', 'value', ['value', null], 1]);
    expect(redis.near.stats()).toMatchObject({ state: 'closed', entries: 0 });
    await discard(raw);
  });
});
