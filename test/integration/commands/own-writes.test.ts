// Rule C4 for the whole command surface of node-redis v4: whatever command changes a key and however it is sent,
// the process that sent it reads what it wrote. Invalidations are held back, so that only the cache's own knowledge
// of what it sends can do it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DeafRig, makeDeafRig } from './deaf-rig.js';
import { NO_WRITES } from './no-writes.js';
import { readAll } from './replies.js';
import { TYPED_COMMANDS, typedCommand } from './typed-commands.js';
import { WAYS } from './ways-to-send.js';
import { title, type WriteCall } from './write-call.js';
import { WRITE_CALLS } from './write-calls.js';

let rig: DeafRig;
beforeAll(async () => {
  rig = await makeDeafRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Waits for the answer: an error if, and only if, this server does not know the command. */
async function answered(call: WriteCall, args: readonly unknown[], sent: Promise<unknown>): Promise<boolean> {
  const known = rig.knows(typedCommand(call.command).encode(args)[0]);
  if (known) await sent;
  else await expect(sent).rejects.toThrow();
  return known;
}

const cases = WRITE_CALLS.map((call) => [title(call), call] as const);

describe('right after it was answered, reads equal Redis:', () => {
  test.each(cases)('%s', async (_, call) => {
    for (const way of WAYS) {
      const args = await rig.prepare(call);
      await rig.prime(call.changes);
      const before = await readAll(rig.outsider, call.changes);
      const known = await answered(call, args, way.send(rig.redis, call.command, args));
      const hits = rig.hits();
      const replies = await readAll(rig.redis, call.changes);
      expect(rig.wasDeaf(), 'no invalidation came').toBe(true);
      const truth = await readAll(rig.outsider, call.changes);
      expect(replies, `by ${way.name}`).toEqual(truth);
      expect(rig.redis.near.state, `the cache goes on for other keys after ${way.name}`).toBe('serving');
      if (!known) continue;
      expect(rig.hits() - hits, `replies from memory after ${way.name}`).toBe(0);
      if (call.invisible === undefined) expect(truth, 'the sample changes its keys').not.toEqual(before);
    }
  });
});

describe('reads sent right behind it see it, and leave nothing old behind:', () => {
  test.each(cases)('%s', async (_, call) => {
    for (const way of WAYS) {
      const args = await rig.prepare(call);
      await rig.prime(call.changes);
      const write = way.send(rig.redis, call.command, args);
      const behind = readAll(rig.redis, call.changes);
      await answered(call, args, write);
      const replies = await behind;
      const later = await readAll(rig.redis, call.changes);
      const truth = await readAll(rig.outsider, call.changes);
      if (way.inOrder) expect(replies, `sent behind ${way.name}`).toEqual(truth);
      expect(later, `sent after ${way.name}`).toEqual(truth);
    }
  });
});

test('a write that the server refuses leaves nothing wrong behind', async () => {
  const call: WriteCall = { command: 'LPUSH', args: ['a', 'x'], given: ['SET a 1'], changes: ['a'] };
  for (const way of WAYS) {
    const args = await rig.prepare(call);
    await rig.prime(call.changes);
    await expect(way.send(rig.redis, call.command, args), way.name).rejects.toThrow();
    expect(await readAll(rig.redis, call.changes)).toEqual(await readAll(rig.outsider, call.changes));
  }
});

test('after select() reads are of the other database', async () => {
  const call: WriteCall = { command: 'SET', args: [], given: ['SET a zero'], changes: ['a'] };
  await rig.prepare(call);
  await rig.prime(call.changes);
  await rig.redis.select(1);
  expect(await rig.redis.get('a')).toBe(null);
  await rig.redis.multi().select(0).exec();
  expect(await rig.redis.get('a')).toBe('zero');
});

test('every command of node-redis v4 has a sample here, or a reason to have none', () => {
  const sampled = new Set(WRITE_CALLS.map(({ command }) => command));
  const excused = Object.values(NO_WRITES).flat();
  const accounted = [...sampled, ...excused];
  expect([...TYPED_COMMANDS.keys()].filter((name) => !accounted.includes(name))).toEqual([]);
  const unheardOf = accounted.filter((name) => !TYPED_COMMANDS.has(name));
  expect(unheardOf, 'no commands of node-redis').toEqual([]);
  const twice = accounted.filter((name, index) => accounted.indexOf(name) !== index);
  expect(twice, 'accounted for twice').toEqual([]);
});
