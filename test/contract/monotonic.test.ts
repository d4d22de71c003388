// The contract, promise (d): what this process has seen of a key, by whatever command and whether it was a value or an
// error, no later read takes back. Invalidations are held back: what is held is outdated, and the cache was not told.

import { describe, expect, test } from 'vitest';
import { type Client, call, type Outcome, outcome } from '../support/client.js';
import { byName, discard, KINDS, type Kind, wrap } from '../support/majors.js';
import { calls } from '../support/rig.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';
import { type ContractRig, makeContractRig, PREFIX } from './contract-rig.js';

const server = await useServer();

/** Ways to see the newer state of `k:1`. */
const WAYS: Readonly<Record<string, (redis: Client, kind: Kind) => unknown>> = {
  'another read': (redis) => redis.getRange('k:1', 0, -1),
  'a read in bytes': (redis, kind) => kind.asBytes(redis, 'get', ['k:1']),
  'an urgent read': (redis, kind) => kind.asap(redis, 'get', ['k:1']),
  'a raw command': (redis) => redis.sendCommand(['GET', 'k:1']),
  'a transaction': (redis) => redis.multi().get('k:1').exec(),
  'a pipeline': (redis) => redis.multi().get('k:1').execAsPipeline(),
  'mGet() of it and another': (redis) => redis.mGet(['k:other', 'k:1']),
  'a connection that was lent': (redis, kind) =>
    call(redis, kind.isolating ?? '', [(connection: Client) => connection.get('k:1')]),
};

/** Holds `old` where Redis has something else by now. */
async function outdated(
  kind: Kind,
  old: string | null,
  change: (bare: Client) => Promise<unknown>,
): Promise<ContractRig<Client>> {
  const rig = await makeContractRig(server, kind);
  if (old !== null) await rig.bare.set('k:1', old);
  await rig.settled();
  await rig.redis.get('k:1');
  rig.deafen();
  await change(rig.bare);
  expect(await rig.redis.get('k:1')).toBe(old);
  return rig;
}

describe.each(byName(KINDS))('%s', (_, kind) => {
  const ways = Object.entries(WAYS).filter(([way]) => kind.isolating !== undefined || !/lent/.test(way));

  test.each(ways)('after a new value was seen by %s', async (way, see) => {
    await using rig = await outdated(kind, 'old', (bare) => bare.set('k:1', 'new'));
    // What is held of a key answers mGet() too: then nothing new was seen.
    const seen = String(await see(rig.redis, kind));
    if (way.startsWith('mGet')) expect(seen).toBe(',old');
    else {
      expect(seen).toBe('new');
      expect(await rig.redis.get('k:1')).toBe('new');
    }
  });

  test.each(ways)('after an error was seen by %s', async (way, see) => {
    await using rig = await outdated(kind, null, (bare) => bare.rPush('k:1', 'x'));
    const seen = await outcome(() => see(rig.redis, kind));
    if (!shows(seen)) return expect(way).toMatch(/^mGet/);
    expect(await outcome(() => rig.redis.get('k:1'))).toHaveProperty('error');
  });

  if (kind.pool) {
    test('replies that come together over two connections', async () => {
      const [data, tracking] = await Promise.all([TcpProxy.start(server.port), TcpProxy.start(server.port)]);
      const raw = kind.create(data.url);
      const redis = wrap(raw, { prefixes: [PREFIX], maxStaleness: 60_000, tracking: { url: tracking.url } });
      await redis.connect();
      await redis.near.ready();
      tracking.hold('down');
      // Which of them is read first is not ours to say: several times, each way round.
      for (let round = 0; round < 12; round++) {
        const key = `k:${round}`;
        // The pool lends its connections in turn.
        if (round % 4 > 1) await redis.ping();
        await server.command('CONFIG', 'RESETSTAT');
        data.hold('down');
        const reads = [() => redis.get(key), () => redis.getRange(key, 0, -1)];
        const names = ['get', 'getrange'];
        if (round % 2 === 1) for (const list of [reads, names]) list.reverse();
        const older = reads[0]?.();
        await until(async () => (await calls(server, names[0] ?? '')) === 1);
        await server.command('SET', key, 'new');
        const newer = reads[1]?.();
        await until(async () => (await calls(server, names[1] ?? '')) === 1);
        data.release('down');
        expect(await older).toBeOneOf([null, '']);
        expect(await newer).toBe('new');
        expect(await Promise.all(reads.map((read) => read()))).toEqual(['new', 'new']);
      }
      redis.near.close();
      await discard(raw);
      await Promise.all([data.stop(), tracking.stop()]);
    });
  }
});

/** Whether an outcome is an error or holds one. */
function shows(seen: Outcome): boolean {
  return 'error' in seen || (Array.isArray(seen.reply) && seen.reply.some((each) => each instanceof Error));
}
