// Rule C4: a write through the wrapped client drops its keys and poisons their flights before it is sent and again
// when it was answered. Invalidations are held back here: the cache has to know by itself.

import { describe, expect, test } from 'vitest';
import { makeRig, type Rig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

/** A rig that holds `k:1` and hears nothing any more. */
async function primed(): Promise<Rig> {
  const rig = await makeRig(server, { maxStaleness: 60_000 });
  await rig.outsider.set('k:1', 'old');
  await until(async () => (await rig.redis.get('k:1')) === 'old' && rig.redis.near.peek('k:1') === 'old');
  rig.deafen();
  return rig;
}

test('a process reads its own writes', async () => {
  await using rig = await primed();
  await rig.redis.set('k:1', 'new');
  expect(await rig.redis.get('k:1')).toBe('new');
});

test('a read under way when the write is sent is not stored afterwards', async () => {
  await using rig = await makeRig(server, { maxStaleness: 60_000 });
  await rig.outsider.set('k:1', 'old');
  await until(() => rig.prefix().invalidations === 1);
  rig.deafen();
  const [read] = await rig.heldRead(() => rig.redis.get('k:1'));
  const write = rig.redis.set('k:1', 'new');
  rig.data.release('down');
  expect(await read).toBe('old');
  await write;
  expect(await rig.redis.get('k:1')).toBe('new');
});

test('a read that overtook the write at the server is dropped when the write is answered', async () => {
  await using rig = await primed();
  // Writes wait at the server, reads do not: the read is sent after the write and executed before it.
  await rig.outsider.sendCommand(['CLIENT', 'PAUSE', '60000', 'WRITE']);
  const write = rig.redis.executeIsolated((isolated) => isolated.set('k:1', 'new'));
  await until(async () => String(await rig.outsider.sendCommand(['CLIENT', 'LIST'])).includes('cmd=set'));
  expect(await rig.redis.get('k:1')).toBe('old');
  expect(rig.redis.near.peek('k:1')).toBe('old');
  await rig.outsider.sendCommand(['CLIENT', 'UNPAUSE']);
  await write;
  expect(await rig.redis.get('k:1')).toBe('new');
});

describe('a write counts', () => {
  test('when the server answers an error after having written', async () => {
    await using rig = await primed();
    const script = "redis.call('SET', KEYS[1], 'new') return redis.error_reply('ERR after all')";
    await expect(rig.redis.eval(script, { keys: ['k:1'] })).rejects.toThrow('after all');
    expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('when its connection is lost before the answer', async () => {
    await using rig = await primed();
    rig.data.hold('down');
    const write = rig.redis.set('k:1', 'new');
    await until(async () => (await rig.outsider.get('k:1')) === 'new');
    rig.data.heal();
    await expect(write).rejects.toThrow();
    expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('in either spelling, raw, with a Buffer key, in MULTI and in a pipeline', async () => {
    await using rig = await primed();
    const { redis } = rig;
    const writes: ((value: string) => Promise<unknown>)[] = [
      (value) => redis.SET('k:1', value),
      (value) => redis.sendCommand(['set', 'k:1', value]),
      (value) => redis.set(Buffer.from('k:1'), value),
      (value) =>
        redis.mSet([
          ['k:0', 'x'],
          ['k:1', value],
        ]),
      (value) => redis.multi().get('k:1').set('k:1', value).exec(),
      (value) => redis.MULTI().SET('k:1', value).execAsPipeline(),
      (value) => redis.executeIsolated((isolated) => isolated.set('k:1', value)),
    ];
    for (const [index, write] of writes.entries()) {
      expect(await redis.get('k:1')).toBeDefined();
      await write(`new ${index}`);
      expect(await redis.get('k:1')).toBe(`new ${index}`);
    }
  });
});
