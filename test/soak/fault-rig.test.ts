// The proxy does to a connection what its faults say, as seen by both of its ends.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { type Direction, TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

/** One end of a connection, and what has arrived there. */
interface End {
  readonly socket: Socket;
  readonly chunks: Buffer[];
  text(): string;
  readonly isGone: boolean;
}

let server: Server;
let proxy: TcpProxy;
let accepted: End[];
let opened: Socket[];

beforeEach(async () => {
  accepted = [];
  opened = [];
  server = createServer((socket) => accepted.push(endOf(socket)));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  proxy = await TcpProxy.start(port);
});

afterEach(async () => {
  for (const socket of opened) socket.destroy();
  await proxy.stop();
  for (const { socket } of accepted) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function endOf(socket: Socket): End {
  opened.push(socket);
  socket.setNoDelay(true);
  const chunks: Buffer[] = [];
  let isGone = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => {
    isGone = true;
  });
  return {
    socket,
    chunks,
    text: () => Buffer.concat(chunks).toString(),
    get isGone() {
      return isGone;
    },
  };
}

/** A connection through the proxy, with both of its ends. */
async function link(): Promise<{ near: End; far: End }> {
  const count = accepted.length;
  const near = endOf(connect(proxy.port, '127.0.0.1'));
  await until(() => accepted.length > count);
  const far = accepted[count];
  if (far === undefined) throw new Error('Nobody connected.');
  near.socket.write('hello');
  await until(() => far.text() === 'hello');
  far.chunks.length = 0;
  return { near, far };
}

async function arrives(end: End, text: string): Promise<void> {
  await until(() => end.text() === text, 2_000, `${text} to arrive, not ${end.text()}`);
}

test('what passes arrives', async () => {
  const { near, far } = await link();
  near.socket.write('up');
  far.socket.write('down');
  await arrives(far, 'up');
  await arrives(near, 'down');
});

test('what is held arrives as one chunk when it is released', async () => {
  const { near, far } = await link();
  proxy.hold('down');
  for (const text of ['a', 'b', 'c']) {
    far.socket.write(text);
    await until(() => proxy.held('down') === 'abc'.indexOf(text) + 1);
  }
  near.socket.write('the other way');
  await arrives(far, 'the other way');
  expect(near.chunks).toEqual([]);
  proxy.release('down');
  await arrives(near, 'abc');
  expect(near.chunks).toHaveLength(1);
});

test('what is delayed arrives late, in order, and another connection overtakes it', async () => {
  const [slow, quick] = [await link(), await link()];
  const latencies = [150];
  proxy.delay(() => latencies.shift() ?? 0);
  const sentAt = performance.now();
  slow.far.socket.write('a');
  await until(() => latencies.length === 0);
  slow.far.socket.write('b');
  quick.far.socket.write('overtakes');
  await arrives(quick.near, 'overtakes');
  expect(slow.near.chunks).toEqual([]);
  await arrives(slow.near, 'ab');
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(145);
});

test('what is throttled takes as long as its bytes do', async () => {
  const { near, far } = await link();
  proxy.throttle(10_000);
  const sentAt = performance.now();
  far.socket.write('x'.repeat(2_000));
  await until(() => near.text().length === 2_000);
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(180);
});

test('a cut ends both ends, of all connections or of those chosen', async () => {
  const [first, second] = [await link(), await link()];
  let index = 0;
  proxy.cut(() => index++ === 0);
  await until(() => first.near.isGone && first.far.isGone);
  expect(second.near.isGone || second.far.isGone).toBe(false);
  proxy.cut();
  await until(() => second.near.isGone && second.far.isGone);
});

test.each<[Direction[]]>([[[]], [['up']], [['down']]])(
  'half-open (%j) swallows without a sign',
  async (ways) => {
    const { near, far } = await link();
    const swallows = (way: Direction): boolean => ways.length === 0 || ways.includes(way);
    proxy.blackhole(...ways);
    near.socket.write('up');
    far.socket.write('down');
    if (swallows('up')) await until(() => proxy.swallowed('up') === 2);
    else await arrives(far, 'up');
    if (swallows('down')) await until(() => proxy.swallowed('down') === 4);
    else await arrives(near, 'down');
    proxy.hold('up');
    proxy.hold('down');
    proxy.release('up');
    proxy.release('down');
    near.socket.write('later');
    far.socket.write('later');
    await arrives(far, swallows('up') ? 'later' : 'uplater');
    await arrives(near, swallows('down') ? 'later' : 'downlater');
  },
);

test('stranded connections are half-open, new ones work', async () => {
  const old = await link();
  proxy.strand();
  old.near.socket.write('lost');
  const fresh = await link();
  fresh.near.socket.write('kept');
  await arrives(fresh.far, 'kept');
  expect(old.far.text()).toBe('');
  expect(old.near.isGone).toBe(false);
});

test('a truncated reply ends inside a frame, once', async () => {
  const { near, far } = await link();
  proxy.truncate();
  // Half of it would be the first frame as a whole.
  far.socket.write('+OK\r\n+OK\r\n');
  await until(() => near.isGone);
  expect(near.text()).toBe('+OK\r');
  const next = await link();
  next.far.socket.write('+OK\r\n');
  await arrives(next.near, '+OK\r\n');
});

test('a deaf proxy takes nothing more until it listens again', async () => {
  const { near, far } = await link();
  proxy.deafen();
  const size = 32 * 2 ** 20;
  far.socket.write(Buffer.alloc(size));
  await until(() => far.socket.writableLength > 0);
  expect(near.chunks).toEqual([]);
  proxy.listen();
  const arrived = (): number => near.chunks.reduce((sum, { length }) => sum + length, 0);
  await until(() => arrived() === size);
});

test('fragments arrive as such', async () => {
  const { near, far } = await link();
  proxy.fragment(2);
  far.socket.write('abcdef');
  await arrives(near, 'abcdef');
  expect(near.chunks.length).toBeGreaterThan(1);
});

test('refused connections end at once; away, nobody even listens; heal() ends both', async () => {
  const { near } = await link();
  proxy.refuse();
  await until(() => near.isGone);
  const refused = endOf(connect(proxy.port, '127.0.0.1'));
  await until(() => refused.isGone);
  expect(accepted).toHaveLength(1);
  proxy.heal();
  await link();
  await proxy.away();
  const unheard = endOf(connect(proxy.port, '127.0.0.1'));
  await until(() => unheard.isGone);
  expect(unheard.socket.bytesRead).toBe(0);
  await proxy.back();
  await link();
});
