// Rule C4 for the whole command surface of node-redis v4: whatever command changes a key and however it is sent,
// the process that sent it reads what it wrote. Invalidations are held back, so that only the cache's own knowledge
// of what it sends can do it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { makeRig, type Rig } from '../../support/rig.js';
import { NO_WRITES } from './no-writes.js';
import { cacheable, readAll } from './replies.js';
import { TYPED_COMMANDS, typedCommand } from './typed-commands.js';
import { WAYS, type Way } from './ways-to-send.js';
import type { WriteCall } from './write-call.js';
import { WRITE_CALLS } from './write-calls.js';

let server: RedisServer;
let other: RedisServer;
let rig: Rig;
/** In capitals. Sample calls of commands that this server does not know must fail, and change nothing. */
let known: Set<string>;

beforeAll(async () => {
  server = await RedisServer.start();
  other = await RedisServer.start();
  // No proof of life comes through while invalidations are held: the lease has to outlast the tests.
  rig = await makeRig(server, { prefixes: [''], maxStaleness: 600_000 });
  rig.deafen();
  const names = (await rig.outsider.sendCommand(['COMMAND', 'LIST'])) as string[];
  known = new Set(names.map((name) => name.toUpperCase()));
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await server.stop();
  await other.stop();
});

const hits = (): number => rig.prefix('').hits;

/** A deaf and empty cache, and a database with what the call needs. */
async function prepare(call: WriteCall): Promise<readonly unknown[]> {
  if (rig.redis.near.state !== 'serving') {
    // An earlier sample raised a barrier, which only a proof of life ends.
    rig.tracking.release('down');
    await rig.serving();
    rig.deafen();
  }
  await rig.outsider.flushAll();
  for (const command of call.given) {
    await rig.outsider.sendCommand(typeof command === 'string' ? command.split(' ') : [...command]);
  }
  rig.redis.near.clear();
  return typeof call.args === 'function'
    ? call.args({ outsider: rig.outsider, otherPort: other.port })
    : call.args;
}

/** Leaves everything that can be known of these keys in the cache. */
async function prime(keys: readonly string[]): Promise<void> {
  await readAll(rig.redis, keys);
  const before = hits();
  const replies = await readAll(rig.redis, keys);
  expect(hits() - before, 'primed replies').toBe(cacheable(replies));
}

/** Resolves when the command was answered; with an error only where the server does not know the command. */
async function answered(
  way: Way,
  call: WriteCall,
  args: readonly unknown[],
  sent: Promise<unknown>,
): Promise<void> {
  if (known.has(String(typedCommand(call.command).encode(args)[0]))) await sent;
  else await expect(sent, way.name).rejects.toThrow();
}

const cases = WRITE_CALLS.map((call) => [`${call.command} ${shown(call.args)}`, call] as const);

describe('right after it was answered, reads equal Redis:', () => {
  test.each(cases)('%s', async (_, call) => {
    for (const way of WAYS) {
      const args = await prepare(call);
      await prime(call.changes);
      const before = await readAll(rig.outsider, call.changes);
      await answered(way, call, args, way.send(rig.redis, call.command, args));
      const hitsBefore = hits();
      const replies = await readAll(rig.redis, call.changes);
      const truth = await readAll(rig.outsider, call.changes);
      expect(replies, `by ${way.name}`).toEqual(truth);
      if (!known.has(String(typedCommand(call.command).encode(args)[0]))) continue;
      expect(hits() - hitsBefore, `replies from memory after ${way.name}`).toBe(0);
      expect(rig.redis.near.state, `the cache goes on for all other keys after ${way.name}`).toBe('serving');
      if (call.invisible === undefined) expect(truth, 'the sample changes its keys').not.toEqual(before);
    }
  });
});

describe('reads sent right behind it see it, and leave nothing old behind:', () => {
  test.each(cases)('%s', async (_, call) => {
    for (const way of WAYS) {
      const args = await prepare(call);
      await prime(call.changes);
      const write = way.send(rig.redis, call.command, args);
      const behind = readAll(rig.redis, call.changes);
      await answered(way, call, args, write);
      const replies = await behind;
      const later = await readAll(rig.redis, call.changes);
      const truth = await readAll(rig.outsider, call.changes);
      if (way.inOrder) expect(replies, `sent behind ${way.name}`).toEqual(truth);
      expect(later, `sent after ${way.name}`).toEqual(truth);
    }
  });
});

test('every command of node-redis v4 has a sample here, or a reason to have none', () => {
  const sampled = new Set(WRITE_CALLS.map(({ command }) => command));
  const excused = Object.values(NO_WRITES).flat();
  const accounted = [...sampled, ...excused];
  expect([...TYPED_COMMANDS.keys()].filter((name) => !accounted.includes(name))).toEqual([]);
  expect(
    accounted.filter((name) => !TYPED_COMMANDS.has(name)),
    'no such command',
  ).toEqual([]);
  expect(
    excused.filter((name, index) => sampled.has(name) || excused.indexOf(name) !== index),
    'named twice',
  ).toEqual([]);
});

test('all this was known without a word from the server', () => {
  expect(rig.tracking.held('down')).toBeGreaterThan(0);
  expect(rig.prefix('').invalidations).toBe(0);
});

function shown(args: WriteCall['args']): string {
  return typeof args === 'function' ? '(...)' : JSON.stringify(args).slice(1, -1);
}
