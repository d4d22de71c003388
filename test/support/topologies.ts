// Clients of clusters and sentinels, by major, and clients of single servers, none of them connected yet; their `error`
// events are listened to.

import * as v6 from '@redis/client';
import * as v4 from 'redis-client-v4';
import * as v5 from 'redis-client-v5';
import type { ClusterBed } from './beds/cluster-bed.js';
import type { SentinelBed } from './beds/sentinel-bed.js';
import type { Client } from './client.js';

export type Major = 4 | 5 | 6;

type Maker = (options: object) => unknown;

const SINGLES: Readonly<Record<Major, Maker>> = {
  4: (options) => v4.createClient(options),
  5: (options) => v5.createClient(options),
  6: (options) => v6.createClient(options),
};

const CLUSTERS: Readonly<Record<Major, Maker>> = {
  4: (options) => v4.createCluster(options as v4.RedisClusterOptions),
  5: (options) => v5.createCluster(options as v5.RedisClusterOptions),
  6: (options) => v6.createCluster(options as v6.RedisClusterOptions),
};

const SENTINELS: Readonly<Record<5 | 6, Maker>> = {
  5: (options) => v5.createSentinel(options as v5.RedisSentinelOptions),
  6: (options) => v6.createSentinel(options as v6.RedisSentinelOptions),
};

function listened(client: unknown): Client {
  (client as Client).on('error', () => {});
  return client as Client;
}

export function single(major: Major, url: string, options: object = {}): Client {
  return listened(SINGLES[major]({ url, ...options }));
}

export function cluster(major: Major, bed: ClusterBed, options: object = {}): Client {
  return listened(CLUSTERS[major]({ rootNodes: bed.rootNodes, ...options }));
}

export function sentinel(major: 5 | 6, bed: SentinelBed, options: object = {}): Client {
  const { name, sentinelRootNodes } = bed;
  return listened(SENTINELS[major]({ name, sentinelRootNodes, ...options }));
}
