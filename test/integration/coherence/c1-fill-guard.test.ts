// Rule C1: a reply is stored only if its session is still armed in the same epoch and nothing happened to its key.

import { describe, expect, test } from 'vitest';
import { makeRig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

describe('a reply held on the wire', () => {
  test('while its key changes reaches its reader and is never stored', async () => {
    await using rig = await makeRig(server);
    await rig.outsider.set('k:1', 'old');
    const [reply] = await rig.heldRead(() => rig.redis.get('k:1'));
    await rig.outsider.set('k:1', 'new');
    await until(() => rig.prefix().invalidations === 2);
    rig.data.release('down');

    expect(await reply).toBe('old');
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
    expect(rig.prefix().discardedFills).toBe(1);
    expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('while FLUSHALL runs is never stored', async () => {
    await using rig = await makeRig(server);
    await rig.outsider.set('k:1', 'old');
    await until(() => rig.prefix().invalidations === 1);
    const flushes = rig.redis.near.stats().flushes;
    const [reply] = await rig.heldRead(() => rig.redis.get('k:1'));
    await rig.outsider.flushAll();
    await until(() => rig.redis.near.stats().flushes > flushes);
    rig.data.release('down');

    expect(await reply).toBe('old');
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
    expect(await rig.redis.get('k:1')).toBeNull();
  });

  test('across a gap of the tracking connection is never stored', async () => {
    await using rig = await makeRig(server);
    await rig.outsider.set('k:1', 'old');
    const [reply] = await rig.heldRead(() => rig.redis.get('k:1'));
    rig.tracking.refuse();
    await until(() => rig.redis.near.state === 'bypass');
    await rig.outsider.set('k:1', 'new');
    rig.tracking.heal();
    await rig.serving();
    rig.data.release('down');

    expect(await reply).toBe('old');
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
    expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('of mGet is judged key by key', async () => {
    await using rig = await makeRig(server);
    await rig.outsider.mSet({ 'k:1': 'old', 'k:2': 'same' });
    await until(() => rig.prefix().invalidations === 2);
    const [reply] = await rig.heldRead(() => rig.redis.mGet(['k:1', 'k:2']));
    await rig.outsider.set('k:1', 'new');
    await until(() => rig.prefix().invalidations === 3);
    rig.data.release('down');

    expect(await reply).toEqual(['old', 'same']);
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
    expect(rig.redis.near.peek('k:2')).toBe('same');
    expect(await rig.redis.mGet(['k:1', 'k:2'])).toEqual(['new', 'same']);
  });
});
