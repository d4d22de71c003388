// Things that take a tracking connection and are no server that tracks: nothing is served on their word, and what they are
// is told by a coded error, while reads are answered by the data connection.

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { makeHostileRig } from './hostile-rig.js';

const server = await useServer();

async function expectRefusal(command: string, answer: string, code: string): Promise<void> {
  await using rig = await makeHostileRig(server);
  rig.meddler.answer(command, answer);
  await rig.begin();
  await rig.toldOf(code);
  await rig.outsider.set('k:x', '1');
  expect(await rig.redis.get('k:x')).toBe('1');
  expect(rig.redis.near.peek('k:x')).toBeUndefined();
  expect(rig.reasons.filter((reason) => reason.startsWith('serving'))).toEqual([]);
  expect(rig.tracking()).toMatchObject({ epoch: 0, leaseRemaining: 0 });
  await rig.expectUnharmed();
}

describe('HELLO 3 answered with', () => {
  test.each([
    ['RESP2', '%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:2\r\n'],
    ['RESP2, in RESP2', '*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:2\r\n'],
    ['OK', '+OK\r\n'],
    ['an integer', ':3\r\n'],
    ['null', '_\r\n'],
    ['a map of something else', '%1\r\n+toString\r\n+x\r\n'],
    ['a protocol that is no number', '%1\r\n+proto\r\n+3\r\n'],
    ['a list a thousand deep', `${'*1\r\n'.repeat(1_000)}:3\r\n`],
    ['an error that says so', '-NOPROTO unsupported protocol version\r\n'],
    ['an unknown command', "-ERR unknown command 'HELLO'\r\n"],
  ])('%s: no RESP3, so no tracking', async (_, answer) => {
    await expectRefusal('HELLO', answer, 'ERR_NEAR_TRACKING_UNSUPPORTED');
  });

  test.each([
    ['no credentials', '-NOAUTH Authentication required.\r\n'],
    ['a wrong password', '-WRONGPASS invalid username-password pair or user is disabled.\r\n'],
  ])('%s: denied', async (_, answer) => {
    await expectRefusal('HELLO', answer, 'ERR_NEAR_TRACKING_DENIED');
  });

  test.each([
    ['an error of no sense', '-ERR blue\r\n'],
    ['a server that is loading', '-LOADING Redis is loading the dataset in memory\r\n'],
    ['too many clients', '-ERR max number of clients reached\r\n'],
    ['garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a hundred thousand lists in each other', '*1\r\n'.repeat(100_000)],
  ])('%s: tried again', async (_, answer) => {
    await expectRefusal('HELLO', answer, 'ERR_NEAR_TRACKING_LOST');
  });

  test('whatever version a server claims to be, it tracks', async () => {
    for (const version of [
      ':7\r\n',
      '_\r\n',
      '$0\r\n\r\n',
      '$5\r\n1.2.x\r\n',
      '%1\r\n$8\r\ntoString\r\n+x\r\n',
    ]) {
      await using rig = await makeHostileRig(server);
      rig.meddler.answer('HELLO', `%3\r\n+server\r\n${version}+version\r\n${version}+proto\r\n:3\r\n`);
      await rig.begin();
      await rig.serving();
      expect(rig.errors).toEqual([]);
      await rig.expectUnharmed();
    }
  });
});

describe('CLIENT TRACKING answered with', () => {
  test.each([
    ['QUEUED', 'LOST', '+QUEUED\r\n'],
    ['an integer', 'LOST', ':1\r\n'],
    ['null', 'LOST', '_\r\n'],
    ['a list', 'LOST', '*1\r\n+OK\r\n'],
    ['an error of no sense', 'LOST', '-ERR blue\r\n'],
    ['an error, then OK', 'LOST', "-ERR Prefix 'k:' overlaps with an existing prefix 'k:'.\r\n+OK\r\n"],
    ['OK, twice', 'LOST', '+OK\r\n+OK\r\n'],
    [
      'no permission',
      'DENIED',
      "-NOPERM this user has no permissions to run the 'client|tracking' command\r\n",
    ],
    ['an unknown subcommand', 'UNSUPPORTED', "-ERR unknown subcommand 'TRACKING'. Try CLIENT HELP.\r\n"],
    ['a syntax error', 'UNSUPPORTED', '-ERR syntax error\r\n'],
  ])('%s: ERR_NEAR_TRACKING_%s', async (_, code, answer) => {
    await expectRefusal('CLIENT TRACKING', answer, `ERR_NEAR_TRACKING_${code}`);
  });

  test('something else than OK when a prefix is added ends the session', async () => {
    await using rig = await makeHostileRig(server);
    await rig.begin();
    await rig.serving();
    rig.meddler.answer('CLIENT TRACKING', '+QUEUED\r\n');
    await rig.redis.near.register('other:');
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    await rig.expectUnharmed();
  });

  test('OK by a thing that pushes nothing cannot be told: only `ttl` bounds what is served', async () => {
    await using rig = await makeHostileRig(server, { ttl: 300 });
    rig.meddler.pushNothing();
    await rig.begin();
    await rig.serving();
    expect(rig.errors).toEqual([]);
    await rig.outsider.set('k:x', 'old');
    await until(async () => (await rig.redis.get('k:x')) === 'old');
    await rig.outsider.set('k:x', 'new');
    expect(await rig.redis.get('k:x')).toBe('old');
    await until(async () => (await rig.redis.get('k:x')) === 'new', 300 + 200, 'the entry to end');
    await rig.redis.set('k:x', 'own');
    expect(await rig.redis.get('k:x')).toBe('own');
    await rig.expectUnharmed();
  });
});

describe('a thing that accepts connections and', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => {}],
    ['ends them', (socket) => socket.end()],
    ['ends them in the middle of a frame', (socket) => socket.end('%3\r\n$6\r\nser')],
    ['greets like a mail server', (socket) => socket.write('220 mail.example.org ESMTP\r\n')],
    ['says OK to everything', (socket) => socket.on('data', () => socket.write('+OK\r\n'.repeat(9)))],
    ['gives back what it gets', (socket) => socket.pipe(socket)],
    [
      'says a reply without an end, a byte at a time',
      (socket) => {
        const timer = setInterval(() => socket.write('+'), 5);
        socket.on('close', () => clearInterval(timer));
      },
    ],
  ])('%s is given up', async (_, speak) => {
    const sockets = new Set<Socket>();
    const thing = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      speak(socket);
    });
    await new Promise<void>((resolve) => thing.listen(0, '127.0.0.1', resolve));
    const { port } = thing.address() as AddressInfo;
    try {
      await using rig = await makeHostileRig(server, {
        tracking: { url: `redis://127.0.0.1:${port}`, socket: { connectTimeout: 200 } },
      });
      await rig.begin();
      await until(() => rig.errors.length > 0);
      expect(rig.errors[0]?.code).toMatch(/^ERR_NEAR_TRACKING_(LOST|UNSUPPORTED)$/);
      expect(rig.redis.near.state).toBe('bypass');
      expect(await rig.redis.get('k:a')).toMatch(/^\d+$/);
      await rig.expectNothingWrong();
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => thing.close(resolve));
    }
  });
});
