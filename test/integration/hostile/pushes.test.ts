// Pushes that no honest server sends, and honest ones of a size or a shape that nobody expects: each drops what it could
// mean, or ends the session, and what cannot concern the cache leaves it alone.

import { describe, expect, test } from 'vitest';
import { bulk, invalidation } from '../../support/resp-frames.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { type HostileRig, LEASE, makeHostileRig } from './hostile-rig.js';

const server = await useServer();

const invalidate = (payload: string): string => `>2\r\n$10\r\ninvalidate\r\n${payload}`;

/** Says it, and returns when everything that it means has happened. */
async function heard(rig: HostileRig, ...frames: (string | Buffer)[]): Promise<void> {
  await rig.hold('k:marker');
  rig.meddler.say(...frames, invalidation(['k:marker']));
  await until(() => rig.redis.near.peek('k:marker') === undefined, 10_000, 'the pushes to be decoded');
}

async function held(maxStaleness = LEASE.maxStaleness): Promise<HostileRig> {
  const rig = await makeHostileRig(server, { maxStaleness });
  await rig.begin();
  await rig.serving();
  await rig.hold('k:x');
  return rig;
}

describe('leaves the cache alone:', () => {
  test.each([
    ['a type never heard of', '>2\r\n$5\r\nnever\r\n*1\r\n:1\r\n'],
    ['a type never heard of, with keys', '>2\r\n$10\r\nINVALIDATE\r\n*1\r\n$3\r\nk:x\r\n'],
    ['a message of a channel', '>3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\ny\r\n'],
    ['the end of a subscription', '>3\r\n$12\r\nsunsubscribe\r\n$1\r\nx\r\n:1\r\n'],
    ['a notice of maintenance', '>4\r\n$6\r\nMOVING\r\n:1\r\n:2\r\n$14\r\n127.0.0.1:6379\r\n'],
    ['a key of another prefix', invalidation(['other:x'])],
    ['a key never seen', invalidation(['k:never seen'])],
    ['a key that is no UTF-8', invalidation([Buffer.from([0x6b, 0x3a, 0x78, 0xff])])],
    ['no key at all', invalidate('*0\r\n')],
  ])('%s', async (_, push) => {
    await using rig = await held();
    await heard(rig, push);
    expect(rig.redis.near.peek('k:x')).toBe('held');
    expect([...rig.errors, ...rig.warnings]).toEqual([]);
    await rig.expectUnharmed();
  });
});

describe('drops the key:', () => {
  test.each([
    ['a set of keys', invalidate('~1\r\n$3\r\nk:x\r\n')],
    ['keys and more', '>3\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nk:x\r\n*1\r\n$3\r\nk:y\r\n'],
    ['a type that is text', '>2\r\n+invalidate\r\n*1\r\n$3\r\nk:x\r\n'],
    ['a key twice', invalidation(['k:x', 'k:x'])],
  ])('%s', async (_, push) => {
    await using rig = await held();
    const { flushes } = rig.redis.near.stats();
    await heard(rig, push);
    expect(rig.redis.near.peek('k:x')).toBeUndefined();
    expect(rig.redis.near.stats().flushes).toBe(flushes);
    expect([...rig.errors, ...rig.warnings]).toEqual([]);
    await rig.expectUnharmed();
  });
});

describe('empties the cache, once:', () => {
  test.each([
    ['null of RESP2 in place of keys', invalidate('*-1\r\n'), []],
    ['nulls among keys', invalidate('*4\r\n_\r\n$3\r\nk:y\r\n_\r\n_\r\n'), []],
    ['bytes in place of keys', invalidate('$3\r\nk:x\r\n'), ['push']],
    ['text in place of keys', invalidate('+k:x\r\n'), ['push']],
    ['a verbatim string in place of keys', invalidate('=7\r\ntxt:k:x\r\n'), ['push']],
    ['a text among keys', invalidate('*2\r\n$3\r\nk:y\r\n+k:x\r\n'), ['push']],
    ['keys in a list in the list', invalidate('*1\r\n*1\r\n$3\r\nk:x\r\n'), ['push']],
    ['keys in a map in the list', invalidate('*1\r\n%1\r\n$3\r\nk:x\r\n$8\r\ntoString\r\n'), ['push']],
    ['numbers among keys', invalidate('*3\r\n:1\r\n,1.5\r\n#t\r\n'), ['push']],
  ])('%s', async (_, push, warnings) => {
    await using rig = await held();
    const { flushes } = rig.redis.near.stats();
    await heard(rig, push);
    expect(rig.redis.near.peek('k:x')).toBeUndefined();
    expect(rig.redis.near.stats().flushes).toBe(flushes + 1);
    expect(rig.warnings).toEqual(warnings);
    expect(rig.errors).toEqual([]);
    await rig.expectUnharmed();
  });
});

describe('ends the session:', () => {
  test.each([
    ['nothing at all', '>0\r\n'],
    ['null', '>-1\r\n'],
    ['a type that is null', '>2\r\n_\r\n*0\r\n'],
    ['a type that is a number', '>2\r\n:1\r\n*0\r\n'],
    ['invalidate without keys', '>1\r\n$10\r\ninvalidate\r\n'],
    ['a number in place of keys', invalidate(':1\r\n')],
    ['a boolean in place of keys', invalidate('#t\r\n')],
    ['a big number in place of keys', invalidate('(1\r\n')],
    ['a map in place of keys', invalidate('%1\r\n$3\r\nk:x\r\n$1\r\n1\r\n')],
    ['an error in place of keys', invalidate('-ERR k:x\r\n')],
    ['an attribute', '|1\r\n+ttl\r\n:3600\r\n'],
    ['a subscription that nobody asked for', '>3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n'],
  ])('%s', async (_, push) => {
    await using rig = await held();
    await heard(rig, push);
    expect(rig.redis.near.peek('k:x')).toBeUndefined();
    await rig.toldOf('ERR_NEAR_TRACKING_LOST');
    expect(rig.reasons).toContain('bypass: lost');
    await rig.expectUnharmed();
  });
});

describe('is a push like any other:', () => {
  test.each([
    [
      'a million keys in one',
      () => [invalidation(Array.from({ length: 1_000_000 }, (_, i) => `k:${i}`).concat('k:x'))],
    ],
    ['a key name of 32 MB', () => [invalidation([`k:${'x'.repeat(32 * 2 ** 20)}`, 'k:x'])]],
    [
      'ten thousand in one chunk',
      () => Array.from({ length: 10_000 }, (_, i) => invalidation([i === 5_000 ? 'k:x' : `k:${i}`])),
    ],
  ])('%s', async (_, frames) => {
    // None of these may cost the session, however long they keep the event loop busy.
    await using rig = await held(10_000);
    const { flushes } = rig.redis.near.stats();
    await heard(rig, ...frames());
    expect(rig.redis.near.peek('k:x')).toBeUndefined();
    expect(rig.redis.near.stats().flushes).toBe(flushes);
    expect([...rig.errors, ...rig.warnings]).toEqual([]);
    await rig.expectUnharmed();
  });

  test('one that is cut at every byte', async () => {
    await using rig = await held();
    const { flushes } = rig.redis.near.stats();
    const push = invalidation(['k:y', Buffer.from([0xff]), 'k:\r\n>1\r\n', 'k:x']);
    for (let at = 1; at < push.length; at++) {
      await rig.hold('k:x');
      rig.meddler.mute();
      await rig.meddler.spell(push.subarray(0, at), at);
      await rig.meddler.spell(push.subarray(at), push.length);
      rig.meddler.honest();
      await until(() => rig.redis.near.peek('k:x') === undefined);
    }
    expect(rig.redis.near.stats().flushes).toBe(flushes);
    expect([...rig.errors, ...rig.warnings]).toEqual([]);
    await rig.expectUnharmed();
  });
});

test('ten million bytes in place of keys cost no more than one flush', async () => {
  await using rig = await held();
  let flushes = 0;
  rig.redis.near.on('flush', ({ reason }) => {
    // The session may not outlive the time that ten million bytes take.
    if (reason === 'server') flushes++;
  });
  await heard(rig, '>2\r\n$10\r\ninvalidate\r\n', bulk(Buffer.alloc(10_000_000, 'k')));
  expect(flushes).toBe(1);
  expect(rig.warnings).toEqual(['push']);
  await rig.expectUnharmed();
});
