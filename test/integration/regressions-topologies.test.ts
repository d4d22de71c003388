import { afterAll, describe, expect, test } from 'vitest';
import { ClusterBed } from '../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../support/beds/replicated-bed.js';
import { SentinelBed } from '../support/beds/sentinel-bed.js';
import type { Near } from '../support/client.js';
import { closeAll, MAJORS, PATIENCE, PREFIX, replicasAnswer } from '../support/cluster-rig.js';
import { discard, wrap } from '../support/majors.js';
import type { RedisServer } from '../support/redis-server.js';
import { cluster, sentinel } from '../support/topologies.js';
import { until } from '../support/until.js';

const bed = await ClusterBed.start({ shards: 2, replicasPerShard: 1 });
const replicated = await ReplicatedBed.start({ replicas: 1 });
afterAll(() => Promise.all([bed.stop(), replicated.stop()]));

/** How often servers have executed a command. */
async function calls(servers: readonly RedisServer[], command: string): Promise<number> {
  const stats = await Promise.all(servers.map((server) => server.command('INFO', 'commandstats')));
  const count = new RegExp(`cmdstat_${command}:calls=(\\d+)`);
  return stats.reduce<number>((sum, each) => sum + Number(count.exec(String(each))?.[1] ?? 0), 0);
}

function readsAtReplicas({ near }: Near): number {
  return near.stats().tracking.reduce((sum, { replicaReads }) => sum + replicaReads, 0);
}

describe('what a replica cannot answer', () => {
  test.each(MAJORS)('goes to the primary, whatever useReplicas says (v%i)', async (major) => {
    const primaries = await bed.primaries();
    const replicas = (await Promise.all(primaries.map((each) => bed.replicasOf(each)))).flat();
    const servers = replicas.map(({ server }) => server);
    const redis = wrap(cluster(major, bed, { useReplicas: true }), {
      prefixes: [PREFIX],
      heartbeat: 100,
      routing: { reads: 'replicas' },
    });
    await redis.connect();
    await replicasAnswer(redis, replicas.length);
    for (const [command, read] of [
      ['get', (key: string) => redis.get(key)],
      ['mget', (key: string) => redis.mGet([key])],
    ] as const) {
      const atReplicas = await calls(servers, command);
      const routed = readsAtReplicas(redis);
      const keys = Array.from({ length: 40 }, (_, at) => `${PREFIX}none:${major}:${command}:${at}`);
      await Promise.all(keys.map((key): Promise<unknown> => read(key)));
      expect(readsAtReplicas(redis)).toBeGreaterThan(routed);
      // A replica does not know whether a key that it lacks is on its way to another shard.
      expect((await calls(servers, command)) - atReplicas).toBe(readsAtReplicas(redis) - routed);
    }
    await closeAll(redis);
  });

  test.each([5, 6] as const)('goes to the primary, whatever replicaPoolSize says (v%i)', async (major) => {
    await using watched = await SentinelBed.start({ replicas: 1 });
    const raw = sentinel(major, watched, { replicaPoolSize: 1 });
    const redis = wrap(raw, { prefixes: ['k:'], heartbeat: 50, routing: { reads: 'replicas' } });
    await redis.connect();
    const [replica] = await watched.replicas();
    await until(async () => {
      redis.near.clear();
      await redis.get('k:1');
      return readsAtReplicas(redis) > 0;
    }, PATIENCE);
    await replica?.command('ACL', 'SETUSER', 'default', '-get');
    const routed = readsAtReplicas(redis);
    await until(async () => {
      redis.near.clear();
      expect(await redis.get('k:1')).toBe(null);
      return readsAtReplicas(redis) > routed;
    }, PATIENCE);
    await discard(redis);
  });
});
