// Closed at each step of the tracking connection's handshake, in each way: the cache ends, and its socket with it, while the
// data client does what the bare one would.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, outcome } from '../../support/client.js';
import { byName, discard, KINDS, type Kind, wrap } from '../../support/majors.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { Gate } from './gate.js';
import { LiveResources } from './leftovers.js';

const server = await useServer();
const gate = await Gate.start(server.port);
afterAll(() => gate.stop());

const OPTIONS = { prefixes: ['k:'], tracking: { url: gate.url } };
/** Each is held once unsent and once unanswered. */
const HANDSHAKE = [
  'HELLO 3',
  'CLIENT SETINFO',
  'CLIENT SETINFO',
  'CLIENT TRACKING',
  'HELLO 3',
  'CLIENT TRACKING',
  'ROLE',
  'PING',
] as const;

const STEPS = HANDSHAKE.flatMap((command, at) => [
  { step: `before ${command} (${at})`, passing: at, last: 'answered' as const },
  { step: `before the answer to ${command} (${at})`, passing: at + 1, last: 'unanswered' as const },
]);

async function connections(): Promise<number> {
  return String(await server.command('CLIENT', 'LIST'))
    .trim()
    .split('\n').length;
}

test('the handshake consists of these commands', async () => {
  gate.pass(Number.POSITIVE_INFINITY, 'answered');
  const raw = kindNamed('v5').create(server.url);
  await using redis = wrap(raw, OPTIONS);
  await redis.connect();
  await redis.near.ready();
  expect(gate.passed.slice(0, HANDSHAKE.length).map((words) => words.trim())).toEqual(HANDSHAKE);
});

describe.each(byName(KINDS))('%s', (_, kind) => {
  let before = 0;
  beforeAll(async () => {
    before = await connections();
  });

  /** A client that is connected, whose tracking connection is stuck. */
  async function stuckAt({ last, passing }: (typeof STEPS)[number]) {
    gate.pass(passing, last);
    const raw = kind.create(server.url);
    await raw.connect();
    const redis = wrap(raw, OPTIONS);
    const reached = () => gate.passed.length >= passing && (last === 'unanswered' || gate.held.length > 0);
    await until(reached, 5_000, 'the handshake to get there');
    return { raw, redis, ready: outcome(() => redis.near.ready()) };
  }

  test.each(STEPS)('near.close() $step', async (step) => {
    const { raw, ready, redis } = await stuckAt(step);
    expect(redis.near.state).toBe('connecting');
    redis.near.close();
    expect(redis.near.state).toBe('closed');
    expect(await ready).toMatchObject({ error: { code: 'ERR_NEAR_CLOSED' } });
    await until(() => gate.connections === 0, 5_000, 'the socket to be closed');
    expect(await redis.get('k:1')).toBeNull();
    expect(raw.isOpen).toBe(true);
    await discard(raw);
    await until(async () => (await connections()) === before, 5_000, 'no connection to be left');
  });

  test('each way to close it, at each step', async () => {
    for (const [at, step] of STEPS.entries()) {
      const way = kind.closing[at % kind.closing.length] ?? '';
      const { ready, redis } = await stuckAt(step);
      // A pool that has just lent a connection makes another one, and v5's leaves that open.
      const reading = kind.pool ? undefined : outcome(() => redis.get('k:1'));
      await call(redis, way);
      expect(redis.near.state).toBe('closed');
      expect(await ready).toMatchObject({ error: { code: 'ERR_NEAR_CLOSED' } });
      await until(() => gate.connections === 0, 5_000, `the socket to be closed by ${way} ${step.step}`);
      await reading;
    }
    await until(async () => (await connections()) === before, 5_000, 'no connection to be left');
  });

  test('before the socket is there', async () => {
    gate.pass(Number.POSITIVE_INFINITY, 'answered');
    const raw = kind.create(server.url);
    await raw.connect();
    const live = new LiveResources();
    for (let round = 0; round < 20; round++) {
      const redis = wrap(raw, OPTIONS);
      // A pool is asked where it leads first.
      for (let turn = 0; turn < round % 4; turn++) await new Promise((resolve) => setImmediate(resolve));
      redis.near.close();
    }
    await until(() => gate.connections === 0, 5_000, 'the sockets to be closed');
    await discard(raw);
    await until(async () => (await connections()) === before, 5_000, 'no connection to be left');
    live.stop();
    expect(live.counts().TCPWRAP ?? 0).toBeLessThan(5);
  });
});

function kindNamed(name: string): Kind {
  const kind = KINDS.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`No kind ${name}.`);
  return kind;
}
