// Users with few rights, at every node of every topology, and the clients that log in as them.

import type { NearCacheOptions } from 'redis-near-cache';
import { ClusterBed } from '../../support/beds/cluster-bed.js';
import { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import { SentinelBed } from '../../support/beds/sentinel-bed.js';
import type { Client } from '../../support/client.js';
import { RedisServer } from '../../support/redis-server.js';
import { cluster, type Major, sentinel, single } from '../../support/topologies.js';

export type TopologyName =
  | 'one server'
  | 'sentinels'
  | 'cluster'
  | 'replicas'
  | 'sentinels and replicas'
  | 'cluster and its replicas';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Topology {
  readonly name: TopologyName;
  /** What the tracking user needs, and what it can do without. */
  readonly needs: readonly string[];
  readonly likes: readonly string[];
  /** What the data client's user needs besides the commands that are sent with it. */
  readonly dataNeeds: readonly string[];
  readonly majors: readonly Major[];
  readonly routing: NonNullable<NearCacheOptions['routing']>;
  start(): Promise<Site>;
}

/** Servers that run. */
export interface Site {
  readonly servers: readonly RedisServer[];
  client(major: Major, as: Credentials): Client;
  stop(): Promise<void>;
}

const LISTENS = ['+client|tracking', '+ping'];
const IN_CLUSTER = ['+cluster|info', '+cluster|nodes'];
const PRIMARY = {} as const;
const REPLICAS = { reads: 'replicas' } as const;

async function oneServer(): Promise<Site> {
  const server = await RedisServer.start();
  return {
    servers: [server],
    client: (major, as) => single(major, server.url, as),
    stop: () => server.stop(),
  };
}

async function replicated(): Promise<Site> {
  const bed = await ReplicatedBed.start({ replicas: 1 });
  return {
    servers: bed.nodes,
    client: (major, as) => single(major, bed.primary.url, as),
    stop: () => bed.stop(),
  };
}

async function watched(): Promise<Site> {
  const bed = await SentinelBed.start({ replicas: 1 });
  return {
    servers: bed.nodes,
    client: (major, as) => sentinel(major === 4 ? 5 : major, bed, { nodeClientOptions: as }),
    stop: () => bed.stop(),
  };
}

async function sharded(): Promise<Site> {
  const bed = await ClusterBed.start({ shards: 2, replicasPerShard: 1 });
  return {
    servers: bed.nodes.map(({ server }) => server),
    client: (major, as) => cluster(major, bed, { defaults: as }),
    stop: () => bed.stop(),
  };
}

export const TOPOLOGIES: readonly Topology[] = [
  {
    name: 'one server',
    needs: LISTENS,
    likes: ['+role'],
    dataNeeds: ['+pttl'],
    majors: [4, 5, 6],
    routing: PRIMARY,
    start: oneServer,
  },
  {
    name: 'sentinels',
    needs: LISTENS,
    likes: ['+role'],
    dataNeeds: ['+pttl'],
    majors: [5, 6],
    routing: PRIMARY,
    start: watched,
  },
  {
    name: 'cluster',
    needs: [...LISTENS, ...IN_CLUSTER],
    likes: [],
    dataNeeds: ['+pttl', '+cluster|slots'],
    majors: [4, 5, 6],
    routing: PRIMARY,
    start: sharded,
  },
  {
    name: 'replicas',
    needs: [...LISTENS, '+info'],
    likes: [],
    dataNeeds: ['+pttl'],
    majors: [4, 5, 6],
    routing: REPLICAS,
    start: replicated,
  },
  {
    name: 'sentinels and replicas',
    needs: [...LISTENS, '+info'],
    likes: [],
    dataNeeds: ['+pttl'],
    majors: [5, 6],
    routing: REPLICAS,
    start: watched,
  },
  {
    name: 'cluster and its replicas',
    needs: [...LISTENS, ...IN_CLUSTER, '+info'],
    likes: [],
    dataNeeds: ['+pttl', '+readonly', '+cluster|slots'],
    majors: [4, 5, 6],
    routing: REPLICAS,
    start: sharded,
  },
];

/** Makes a user at every node, with these rights and no others. */
export async function grant(
  { servers }: Pick<Site, 'servers'>,
  { username, password }: Credentials,
  ...rights: readonly string[]
): Promise<void> {
  for (const server of servers)
    await server.command('ACL', 'SETUSER', username, 'reset', 'on', `>${password}`, ...rights);
}
