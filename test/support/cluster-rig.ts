// What a test on a cluster needs: wrapped clients that track every node, a bare one to write past them, and keys in
// slots of a given owner.

import { hashSlot, type NearCacheOptions } from 'redis-near-cache';
import type { ClusterBed, ClusterNode } from './beds/cluster-bed.js';
import { type Client, call, type Near } from './client.js';
import { discard, wrap } from './majors.js';
import { cluster, type Major } from './topologies.js';
import { until } from './until.js';

export const MAJORS: readonly Major[] = [4, 5, 6];

/** Registered by {@link nearCluster}. */
export const PREFIX = 'k:';

/** Long enough for a machine that is busy with a cluster and its clients. */
export const PATIENCE = 15_000;

/** A heartbeat that is quick to notice, and a lease that is easy to outlive. Unit: ms. */
export const TIMING = { heartbeat: 150, maxStaleness: 1_500 } as const;

/** A connected cluster client with a near cache that serves from every primary. */
export async function nearCluster(
  major: Major,
  bed: ClusterBed,
  options: Partial<NearCacheOptions> = {},
): Promise<Near> {
  const raw = cluster(major, bed);
  const redis = wrap(raw, { prefixes: [PREFIX], ...TIMING, ...options });
  raws.set(redis, raw);
  await redis.connect();
  const { length } = await bed.primaries();
  await until(() => armed(redis, 'primary').length === length, PATIENCE, 'every primary to be tracked');
  if ((options.routing?.reads ?? 'primary') !== 'primary') await replicasAnswer(redis, length);
  return redis;
}

const raws = new WeakMap<object, Client>();

/** The client inside one that {@link nearCluster} has made. */
export function rawOf(redis: Near): Client {
  return raws.get(redis) ?? redis;
}

/** Waits until so many replicas have answered reads: keys that were not read before are read from them now. */
export function replicasAnswer(redis: Near, count: number): Promise<void> {
  const answering = () => redis.near.stats().tracking.filter(({ replicaReads }) => replicaReads > 0);
  let round = 0;
  return until(
    async () => {
      const keys = Array.from({ length: 20 }, (_, index) => `${PREFIX}warm:${round}:${index}`);
      round++;
      await Promise.all(keys.map((key) => redis.get(key)));
      return answering().length >= count;
    },
    PATIENCE,
    'the replicas to answer',
  );
}

/** Addresses of the nodes whose sessions are armed. */
export function armed({ near }: Near, role?: 'primary' | 'replica'): string[] {
  const { tracking } = near.stats();
  return tracking
    .filter((each) => each.state === 'armed' && (role === undefined || each.role === role))
    .map(({ node }) => node);
}

export function addressOf({ server }: ClusterNode): string {
  return `127.0.0.1:${server.port}`;
}

/** A connected cluster client without a cache. */
export async function bareCluster(major: Major, bed: ClusterBed, options: object = {}): Promise<Client> {
  const client = cluster(major, bed, options);
  await client.connect();
  return client;
}

/** Ends both kinds. */
export async function closeAll(...clients: readonly Client[]): Promise<void> {
  for (const client of clients) {
    const near: unknown = Reflect.get(client, 'near');
    if (near !== undefined) call(near as object, 'close');
  }
  await Promise.all(clients.map((client) => discard(client).catch(() => {})));
}

let tags = 0;

/** A key that nobody has used yet, in a slot of this node. */
export async function keyOf(bed: ClusterBed, node: ClusterNode): Promise<string> {
  for (;;) {
    const tag = `t${tags++}`;
    if ((await bed.ownerOf(hashSlot(tag))) === node) return `${PREFIX}{${tag}}`;
  }
}

/**
 * Invalidations of this node do not come any more, and nobody tracks it again: for caches with {@link deafAfterLoss}.
 * Resolves when the cache knows.
 */
export async function deafTo(redis: Near, node: ClusterNode, name: string): Promise<void> {
  await killTracking(node, name);
  await until(() => !armed(redis).includes(addressOf(node)), PATIENCE, 'the loss to be noticed');
}

/** Options of a cache whose tracking connections are not opened again. */
export function deafAfterLoss(name: string): Partial<NearCacheOptions> {
  return { tracking: { name, reconnectStrategy: 600_000 } };
}

/** Ends the tracking connections of this name at a node. */
export async function killTracking({ server }: ClusterNode, name: string): Promise<void> {
  const list = String(await server.command('CLIENT', 'LIST'));
  const ids = list
    .split('\n')
    .filter((line) => line.includes(` name=${name} `))
    .map((line) => /id=(\d+)/.exec(line)?.[1] ?? '');
  if (ids.length === 0) throw new Error(`Nobody is called ${name}.`);
  for (const id of ids) await server.command('CLIENT', 'KILL', 'ID', id);
}

/** Reads until the reply is held. */
export function held(redis: Near, key: string, value: string | null): Promise<void> {
  const isHeld = async () => (await redis.get(key)) === value && redis.near.peek(key) === value;
  return until(isHeld, PATIENCE, `${key} to be held as ${value}`);
}

/** Waits until nothing else than `value` may be served without asking. */
export function notHeldBut(redis: Near, key: string, value: string | null, limit?: number): Promise<void> {
  const isGone = () => [undefined, value].includes(redis.near.peek(key));
  return until(isGone, limit, `${key} to be dropped, or held as ${value}`);
}
