// Clusters of each major of node-redis, wrapped and bare, for commands whose keys lie in several slots; and proxies
// before the nodes of a bed, so that a test decides when their replies arrive.

import * as v6 from '@redis/client';
import * as v4 from 'redis-client-v4';
import * as v5 from 'redis-client-v5';
import { hashSlot, type NearCacheOptions } from 'redis-near-cache';
import type { ClusterBed, ClusterNode } from '../../support/beds/cluster-bed.js';
import { type Client, call, type Near } from '../../support/client.js';
import { discard, wrap } from '../../support/majors.js';
import { calls } from '../../support/rig.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

export type Key = string | Buffer;
type Options = Readonly<Record<string, unknown>>;
type Maker = (options: { rootNodes: { url: string }[] }) => unknown;

/** As far as these tests call a cluster by name. */
export interface Cluster {
  get(key: Key): Promise<string | null>;
  set(key: Key, value: string): Promise<unknown>;
  mGet(keys: readonly Key[]): Promise<(string | null)[]>;
  mSet(values: unknown): Promise<unknown>;
  exists(keys: Key | readonly Key[]): Promise<number>;
  touch(keys: Key | readonly Key[]): Promise<number>;
  del(keys: Key | readonly Key[]): Promise<number>;
  unlink(keys: Key | readonly Key[]): Promise<number>;
}

export const MAJORS = ['v4', 'v5', 'v6'] as const;
export type Major = (typeof MAJORS)[number];

const MAKERS: Readonly<Record<Major, Maker>> = {
  v4: (options) => v4.createCluster(options),
  v5: (options) => v5.createCluster(options),
  v6: (options) => v6.createCluster(options),
};

/** A cluster's way to hand out a reply in other types. */
export interface Views {
  readonly asBytes: (cluster: Cluster) => Pick<Cluster, 'mGet'>;
  readonly aborted: (cluster: Cluster) => Pick<Cluster, 'mGet' | 'del' | 'exists'>;
}

const view =
  (way: string, argument: unknown) =>
  (cluster: Cluster): Cluster =>
    call(cluster, way, [argument]) as Cluster;

const LATER: Views = {
  asBytes: view('withTypeMapping', { [v6.RESP_TYPES.BLOB_STRING]: Buffer }),
  aborted: view('withCommandOptions', { abortSignal: AbortSignal.abort() }),
};
const withOptions = (options: object) => (cluster: Cluster) => {
  const marked = v4.commandOptions(options);
  const method = (name: string) => (keys: Key | readonly Key[]) =>
    call(cluster, name, [marked, keys]) as never;
  return { mGet: method('mGet'), del: method('del'), exists: method('exists') };
};
export const VIEWS: Readonly<Record<Major, Views>> = {
  v4: {
    asBytes: withOptions({ returnBuffers: true }),
    aborted: withOptions({ signal: AbortSignal.abort() }),
  },
  v5: LATER,
  v6: LATER,
};
export const NUMBERS_AS_TEXT = { [v6.RESP_TYPES.NUMBER]: String };

export async function connectBare(
  major: Major,
  bed: ClusterBed,
  options: Options = {},
): Promise<Cluster & Client> {
  const cluster = MAKERS[major]({ rootNodes: bed.rootNodes, ...options }) as Cluster & Client;
  cluster.on('error', () => {});
  await cluster.connect();
  return cluster;
}

/** Resolves when every primary is tracked. */
export async function connectNear(
  major: Major,
  bed: ClusterBed,
  options: Options = {},
  near: Partial<NearCacheOptions> = {},
): Promise<Cluster & Near> {
  const cluster = MAKERS[major]({ rootNodes: bed.rootNodes, ...options }) as Cluster & Client;
  cluster.on('error', () => {});
  const redis = wrap(cluster, { prefixes: ['k:'], maxStaleness: 60_000, ...near }) as Cluster & Near;
  await redis.connect();
  const primaries = await bed.primaries();
  const wanted = near.fallback === 'ttl' ? 'refused' : 'armed';
  const isFollowed = (): boolean => {
    const { tracking } = redis.near.stats();
    return tracking.filter(({ state }) => state === wanted).length === primaries.length;
  };
  await until(isFollowed, 10_000, 'every primary to be tracked');
  return redis;
}

export async function close(...clusters: readonly Client[]): Promise<void> {
  for (const cluster of clusters) {
    if ('near' in cluster) (cluster as Near).near.close();
    await discard(cluster);
  }
}

/** Proxies before all nodes; `options` lead a cluster through them. */
export class Gates {
  readonly #proxies: ReadonlyMap<number, TcpProxy>;

  private constructor(proxies: ReadonlyMap<number, TcpProxy>) {
    this.#proxies = proxies;
  }

  static async before(bed: ClusterBed): Promise<Gates> {
    const ports = bed.nodes.map(({ server }) => server.port);
    return new Gates(
      new Map(await Promise.all(ports.map(async (port) => [port, await TcpProxy.start(port)] as const))),
    );
  }

  get options(): Options {
    const nodeAddressMap = (address: string): object | undefined => {
      const port = this.#proxies.get(Number(address.split(':').at(-1)))?.port;
      return port === undefined ? undefined : { host: '127.0.0.1', port };
    };
    return { nodeAddressMap };
  }

  /** No reply arrives. */
  hold(): void {
    for (const proxy of this.#proxies.values()) proxy.hold('down');
  }

  release(): void {
    for (const proxy of this.#proxies.values()) proxy.release('down');
  }

  async stop(): Promise<void> {
    for (const proxy of this.#proxies.values()) await proxy.stop();
  }
}

export function slotsOf(keys: readonly Key[]): number {
  return new Set(keys.map((key) => hashSlot(key))).size;
}

/** How often each node has executed a command since {@link forget}. */
export function executed(nodes: readonly ClusterNode[], command: string): Promise<number[]> {
  return Promise.all(nodes.map(({ server }) => calls(server, command)));
}

export async function forget(nodes: readonly ClusterNode[]): Promise<void> {
  await Promise.all(nodes.map(({ server }) => server.command('CONFIG', 'RESETSTAT')));
}

export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
