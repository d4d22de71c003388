// Closed while replicas are being connected: node-redis ends no attempt to connect, and leaves the socket open that comes
// of it.

import { afterAll, expect, test } from 'vitest';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { call } from '../../support/client.js';
import { discard, wrap } from '../../support/majors.js';
import { type Major, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

const bed = await ReplicatedBed.start();
afterAll(() => bed.stop());

const OPTIONS = {
  prefixes: ['k:'],
  heartbeat: 50,
  maxStaleness: 30_000,
  routing: { reads: 'replicas' },
} as const;

/** Connections of clients: replication and the one that asks left out. */
async function connectionsAtReplicas(): Promise<number> {
  const lists = await Promise.all(
    bed.replicas.map((server) => server.command('CLIENT', 'LIST', 'TYPE', 'normal')),
  );
  return lists.reduce((sum: number, list) => sum + String(list).trim().split('\n').length - 1, 0);
}

test.each([4, 5, 6] as const)(
  'of v%i, near.close() leaves no connection to a replica',
  async (major: Major) => {
    const raw = single(major, bed.primary.url);
    await raw.connect();
    for (let round = 0; round < 10; round++) {
      const redis = wrap(raw, OPTIONS);
      // The primary's first answer names its replicas, and their clients are connected at once.
      await redis.near.ready();
      redis.near.close();
    }
    await until(async () => (await connectionsAtReplicas()) === 0, 5_000, 'the connections to be closed');
    expect(raw.isOpen).toBe(true);
    await discard(raw);
  },
);

// One of v4 cannot be closed this early itself.
test.each([5, 6] as const)(
  'of v%i, replicas that were given are there again after connect()',
  async (major) => {
    const given = bed.replicas.map(({ url }) => single(major, url));
    const raw = single(major, bed.primary.url);
    const redis = wrap(raw, { ...OPTIONS, routing: { reads: 'replicas', replicas: given } });
    for (let round = 0; round < 3; round++) {
      // Their clients are being connected at that moment.
      call(raw, 'once', ['ready', () => void call(redis, 'destroy')]);
      await redis.connect().catch(() => {});
      await redis.connect();
      const answers = () => redis.near.stats().tracking.filter((row) => row.answers).length === 3;
      await until(answers, 10_000, 'the replicas to answer');
      await call(redis, 'destroy');
    }
    await until(() => given.every((client) => !client.isOpen), 5_000, 'the replicas to be left');
    await until(async () => (await connectionsAtReplicas()) === 0, 5_000, 'the connections to be closed');
  },
);
