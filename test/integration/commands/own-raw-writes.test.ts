// Rule C4 for writes that node-redis v4 has no method for: raw ones, however their words are spelt.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlainClient } from '../../support/rig.js';
import { type DeafRig, makeDeafRig } from './deaf-rig.js';
import { RAW_WRITES } from './raw-writes.js';
import { readAll } from './replies.js';
import { title } from './write-call.js';

let rig: DeafRig;
beforeAll(async () => {
  rig = await makeDeafRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

type Wire = (string | Buffer)[];

const spellings: Record<string, (redis: PlainClient, wire: Wire) => Promise<unknown>> = {
  'in capitals': (redis, wire) => redis.sendCommand(wire),
  'in small letters': (redis, [name = '', ...args]) =>
    redis.sendCommand([name.toString().toLowerCase(), ...args]),
  'as bytes': (redis, wire) => redis.sendCommand(wire.map((word) => Buffer.from(word))),
  'in a transaction': (redis, wire) => redis.multi().addCommand(wire).exec(),
  'on an isolated connection': (redis, wire) =>
    redis.executeIsolated((isolated) => isolated.sendCommand(wire)),
};

const cases = RAW_WRITES.map((call) => [title(call), call] as const);

describe('right after it was answered, reads equal Redis:', () => {
  test.each(cases)('%s', async (_, call) => {
    for (const [spelling, send] of Object.entries(spellings)) {
      const args = (await rig.prepare(call)) as Wire;
      await rig.prime(call.changes);
      const before = await readAll(rig.outsider, call.changes);
      const sent = send(rig.redis, [call.command, ...args]);
      if (rig.knows(call.command)) await sent;
      else await expect(sent).rejects.toThrow();
      const replies = await readAll(rig.redis, call.changes);
      expect(rig.wasDeaf(), 'no invalidation came').toBe(true);
      const truth = await readAll(rig.outsider, call.changes);
      expect(replies, spelling).toEqual(truth);
      expect(rig.redis.near.state, `the cache goes on for other keys, ${spelling}`).toBe('serving');
      if (!rig.knows(call.command) || call.invisible !== undefined) continue;
      expect(truth, 'the sample changes its keys').not.toEqual(before);
    }
  });
});
