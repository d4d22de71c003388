// Rule C4: a command whose keys can't be known raises a barrier: bypass until heartbeats prove that everything
// it may have changed has been pushed.

import { describe, expect, test } from 'vitest';
import { makeRig, type Rig } from '../../support/rig.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();

const SECRET_WRITE = "return redis.call('SET', 'k:1', ARGV[1])";

async function primed(): Promise<Rig> {
  const rig = await makeRig(server, { heartbeat: 50, maxStaleness: 60_000 });
  await rig.outsider.set('k:1', 'old');
  await until(async () => (await rig.redis.get('k:1')) === 'old' && rig.redis.near.peek('k:1') === 'old');
  return rig;
}

const opaque: Record<string, (rig: Rig) => Promise<unknown>> = {
  'a script without keys': ({ redis }) => redis.eval(SECRET_WRITE, { arguments: ['new'] }),
  'a raw command that is not listed': ({ redis }) => redis.sendCommand(['DEBUG', 'SET-ACTIVE-EXPIRE', '1']),
  'such a script inside MULTI': ({ redis }) =>
    redis
      .multi()
      .eval(SECRET_WRITE, { arguments: ['new'] })
      .exec(),
};

describe.each(Object.entries(opaque))('after %s', (_, send) => {
  test('reads go to Redis while invalidations are not proven to have come, and are cached again after', async () => {
    await using rig = await primed();
    rig.deafen();
    await send(rig);
    expect(rig.redis.near.state).toBe('bypass');
    expect(await rig.redis.get('k:1')).toBe(await rig.outsider.get('k:1'));
    expect(rig.redis.near.peek('k:1')).toBeUndefined();
    rig.tracking.release('down');
    await rig.serving();
    expect(await rig.redis.get('k:1')).toBe(await rig.outsider.get('k:1'));
    await rig.redis.get('k:1');
    expect(rig.redis.near.peek('k:1')).toBe(await rig.outsider.get('k:1'));
  });
});

test('a barrier does not wait for the next heartbeat', async () => {
  await using rig = await makeRig(server, { heartbeat: 30_000, maxStaleness: 60_000 });
  await rig.redis.sendCommand(['DEBUG', 'SET-ACTIVE-EXPIRE', '1']);
  expect(rig.redis.near.state).toBe('bypass');
  await rig.serving();
});

test('entries that nothing happened to survive a barrier', async () => {
  await using rig = await primed();
  await rig.redis.sendCommand(['DEBUG', 'SET-ACTIVE-EXPIRE', '1']);
  await rig.serving();
  expect(rig.redis.near.peek('k:1')).toBe('old');
});

test('a read under way when the command is sent is not stored', async () => {
  await using rig = await primed();
  rig.redis.near.clear();
  const [read] = await rig.heldRead(() => rig.redis.get('k:1'));
  const write = rig.redis.eval(SECRET_WRITE, { arguments: ['new'] });
  rig.data.release('down');
  expect(await read).toBe('old');
  await write;
  await rig.serving();
  expect(await rig.redis.get('k:1')).toBe('new');
});

test('a command that fails lowers its barrier too', async () => {
  await using rig = await primed();
  await expect(rig.redis.sendCommand(['NO-SUCH-COMMAND'])).rejects.toThrow();
  await rig.serving();
});
