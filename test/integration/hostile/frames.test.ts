// Bytes that are no RESP, frames that never end, and frames that end too soon: each costs the session, none costs the
// process, and memory comes back.

import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { type HostileRig, makeHostileRig } from './hostile-rig.js';

const server = await useServer();

const MB = 2 ** 20;

function collect(): void {
  if (global.gc === undefined) throw new Error('Memory is measured with --expose-gc.');
  global.gc();
}

async function serving(): Promise<HostileRig> {
  const rig = await makeHostileRig(server);
  await rig.begin();
  await rig.serving();
  return rig;
}

describe('breaks the decoder, which ends the session at once:', () => {
  test.each([
    ['text', 'hello, world\r\n'],
    ['zeros', Buffer.alloc(100)],
    ['more parts than an array can have', '*4294967296\r\n'],
    ['a hundred thousand lists in each other', '*1\r\n'.repeat(100_000)],
    ['a hundred thousand pushes in each other', '>1\r\n'.repeat(100_000)],
    ['a hundred thousand maps in each other', '%1\r\n+a\r\n'.repeat(100_000)],
  ])('%s', async (_, bytes) => {
    await using rig = await serving();
    rig.meddler.mute();
    rig.meddler.say(bytes);
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons[1]).toBe('bypass: lost');
    await rig.expectUnharmed();
  });
});

describe('is taken for something else by the decoder, and ends the session at once or with its lease:', () => {
  test.each([
    ['a length below zero', '$-5\r\n'],
    ['a number of parts below zero', '*-7\r\nx'],
    ['a number of parts that is none', '*many\r\n'],
  ])('%s', async (_, bytes) => {
    await using rig = await serving();
    rig.meddler.mute();
    rig.meddler.say(bytes);
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons[1]).toMatch(/^bypass: (lost|lease)$/);
    await rig.expectUnharmed();
  });
});

describe('never ends, so the session ends with its lease:', () => {
  test.each([
    ['a terabyte that does not come', '$999999999999\r\n'],
    ['a thousand million parts that do not come', '*999999999\r\n'],
    ['a push of as many', '>999999999\r\n$10\r\ninvalidate\r\n'],
    ['a length that does not end', '$1'],
    ['a line that does not end', '+PON'],
    ['a push that does not end', '>2\r\n$10\r\ninvalidate\r\n*2\r\n$3\r\nk:a\r\n$3\r\nk:'],
  ])('%s', async (_, bytes) => {
    await using rig = await serving();
    const { heapUsed } = process.memoryUsage();
    rig.meddler.mute();
    rig.meddler.say(bytes);
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons[1]).toBe('bypass: lease');
    expect(process.memoryUsage().heapUsed - heapUsed).toBeLessThan(64 * MB);
    await rig.expectUnharmed();
  });
});

describe('never ends, as much as it brings, and what it brought goes with the lease:', () => {
  test.each([
    ['a bulk string', '$999999999999\r\n', Buffer.alloc(MB / 4, 'x')],
    ['a line', '+', Buffer.alloc(MB / 4, 'x')],
    ['an error', '-ERR ', Buffer.alloc(MB / 4, 'x')],
    ['a number', ':', Buffer.alloc(MB / 16, '1')],
    ['a list of numbers', '*999999999\r\n', Buffer.from(':1\r\n'.repeat(MB / 64))],
    [
      'a list of keys in a push',
      '>2\r\n$10\r\ninvalidate\r\n*999999999\r\n',
      Buffer.from('$3\r\nk:a\r\n'.repeat(MB / 64)),
    ],
    [
      'pushes, without a PONG',
      '',
      Buffer.from('>2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nk:z\r\n'.repeat(MB / 256)),
    ],
  ])('%s', async (what, start, piece) => {
    await using rig = await serving();
    collect();
    const before = process.memoryUsage();
    const poured = rig.meddler.pour(start, piece, 200 * MB);
    let most = 0;
    await until(() => {
      most = Math.max(most, process.memoryUsage.rss() - before.rss);
      return rig.errors.length > 0;
    });
    const sent = poured();
    expect(rig.errors[0]?.code).toBe('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons[1]).toBe('bypass: lease');
    await rig.expectUnharmed();
    // What was decoded can cost more than its bytes, a list of small numbers ten times as much; the rest is garbage.
    expect(most).toBeLessThan(16 * sent + 128 * MB);
    const kept = (): number => {
      collect();
      const now = process.memoryUsage();
      return now.heapUsed - before.heapUsed + now.arrayBuffers - before.arrayBuffers;
    };
    await until(() => kept() < 16 * MB);
    process.stdout.write(
      `${what}: ${Math.round(sent / MB)} MB came, memory rose by ${Math.round(most / MB)} MB\n`,
    );
  });
});

test('room for the parts of a list is made before they come, and given back', async () => {
  await using rig = await serving();
  collect();
  const { heapUsed } = process.memoryUsage();
  rig.meddler.mute();
  rig.meddler.say('*30000000\r\n');
  await until(() => process.memoryUsage().heapUsed - heapUsed > 200 * MB);
  await rig.toldOf('ERR_NEAR_TRACKING_LOST');
  await rig.expectUnharmed();
  await until(() => {
    collect();
    return process.memoryUsage().heapUsed - heapUsed < 16 * MB;
  });
});

test.each([
  ['a push', '>2\r\n$10\r\ninvalidate\r\n*2\r\n$3\r\nk:a\r\n$3\r\nk:'],
  ['a reply', '$6\r\nPO'],
  ['a length', '*99'],
  ['a line end', '+PONG\r'],
])('a connection that ends in the middle of %s ends the session', async (_, lastWord) => {
  await using rig = await serving();
  rig.meddler.mute();
  rig.meddler.cut(lastWord);
  await rig.toldOf('ERR_NEAR_TRACKING_LOST');
  await rig.expectUnharmed();
});
