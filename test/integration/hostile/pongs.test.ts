// Heartbeats that are answered by something else than a server that listens: what is no proof of life is none, and
// replies that are out of step end the session before anything is believed of them.

import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { type HostileRig, makeHostileRig } from './hostile-rig.js';

const server = await useServer();

async function serving(options = {}): Promise<HostileRig> {
  const rig = await makeHostileRig(server, options);
  await rig.begin();
  await rig.serving();
  return rig;
}

describe('a heartbeat answered with', () => {
  test.each([
    ['PONGX', '+PONGX\r\n'],
    ['an integer', ':1\r\n'],
    ['null', '_\r\n'],
    ['null of RESP2', '$-1\r\n'],
    ['a list with PONG in it', '*1\r\n+PONG\r\n'],
    ['a list in a list', '*1\r\n*1\r\n+PONG\r\n'],
    ['a map', '%1\r\n+toString\r\n+PONG\r\n'],
    ['true', '#t\r\n'],
    ['nothing but a line end', '+\r\n'],
  ])('%s ends the session', async (_, answer) => {
    await using rig = await serving();
    rig.meddler.answer('PING', answer);
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons[1]).toBe('bypass: lost');
    expect(String(rig.errors[0]?.cause)).toContain('PING was answered with something that no server says');
    await rig.expectUnharmed();
  });

  test.each([
    ['an error', '-LOADING Redis is loading the dataset in memory\r\n'],
    ['an error of RESP3', '!6\r\nERR no\r\n'],
  ])(
    '%s proves nothing: the session ends with its lease, and comes back when the error is over',
    async (_, answer) => {
      await using rig = await serving();
      rig.meddler.answer('PING', answer);
      await until(() => rig.reasons.includes('bypass: deposed'));
      await until(() => rig.warnings.includes('standby'));
      expect(rig.errors).toEqual([]);
      expect(rig.tracking().state).toBe('standby');
      rig.meddler.honest();
      await rig.serving();
      expect(rig.meddler.accepted).toBe(1);
      await rig.expectUnharmed();
    },
  );

  test('nothing at all ends the session with its lease', async () => {
    await using rig = await serving();
    rig.meddler.answer('PING', '');
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons[1]).toBe('bypass: lease');
    await rig.expectUnharmed();
  });

  test('the right answer, twice, ends the session', async () => {
    await using rig = await serving();
    rig.meddler.answer('PING', (_, honest) => Buffer.concat([honest, honest]));
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons[1]).toBe('bypass: lost');
    await rig.expectUnharmed();
  });
});

test.each([
  ['a PONG', '+PONG\r\n'],
  ['an OK', '+OK\r\n'],
  ['an error', '-ERR what?\r\n'],
  ['a thousand nulls', '_\r\n'.repeat(1_000)],
])('%s that nobody asked for ends the session', async (_, said) => {
  await using rig = await serving();
  rig.meddler.say(said);
  await rig.toldOf('ERR_NEAR_TRACKING_LOST');
  expect(rig.reasons[1]).toBe('bypass: lost');
  await rig.expectUnharmed();
});

test('a reply too many, between question and answer, ends the session', async () => {
  await using rig = await serving();
  rig.meddler.answer('ROLE', (_, honest) => Buffer.concat([honest, honest]));
  await rig.toldOf('ERR_NEAR_TRACKING_LOST');
  await rig.expectUnharmed();
});

test('a server that breaks every session at its first heartbeat is not asked again and again at once', async () => {
  await using rig = await serving({ tracking: { reconnectStrategy: undefined } });
  const before = rig.meddler.accepted;
  // The first heartbeat arms the session.
  const heartbeats = new Map<number, number>();
  rig.meddler.answer('PING', (_, honest) => {
    const connection = rig.meddler.accepted;
    heartbeats.set(connection, (heartbeats.get(connection) ?? 0) + 1);
    return heartbeats.get(connection) === 1 ? honest : '+PONGX\r\n';
  });
  const end = performance.now() + 1_200;
  await until(() => performance.now() > end);
  // 25, 50, 100, 200, 400 ms and so on, at least.
  expect(rig.meddler.accepted - before).toBeLessThanOrEqual(6);
  expect(rig.meddler.accepted - before).toBeGreaterThan(1);
  await rig.expectUnharmed();
});
