// What a test of reads at replicas needs: a wrapped client in front of a replicated bed, an outsider who writes past it,
// and ways to hold a replica behind.

import type { NearCacheEvents, NearCacheOptions, NearStats } from 'redis-near-cache';
import type { ReplicatedBed } from './beds/replicated-bed.js';
import type { Client, Near } from './client.js';
import { discard, wrap } from './majors.js';
import type { RedisServer } from './redis-server.js';
import type { TcpProxy } from './tcp-proxy.js';
import { type Major, single } from './topologies.js';
import { until } from './until.js';

export const MAJORS: readonly Major[] = [4, 5, 6];

type Flush = NearCacheEvents['flush'][0];
type Left = NearCacheEvents['replica'][0];
type Row = NearStats['tracking'][number];

export interface ReplicaRigOptions extends Partial<NearCacheOptions> {
  readonly major?: Major;
  /** Options of the data client. */
  readonly client?: object;
  /** Where the data client connects, if not at the primary itself. */
  readonly url?: string;
  /** How many replicas are to answer before the test begins. Default: all that respond. */
  readonly fit?: number;
}

export class ReplicaRig {
  readonly bed: ReplicatedBed;
  readonly raw: Client;
  readonly redis: Near;
  readonly outsider: Client;
  readonly flushes: Flush[] = [];
  readonly changes: Left[] = [];

  private constructor(bed: ReplicatedBed, raw: Client, redis: Near, outsider: Client) {
    this.bed = bed;
    this.raw = raw;
    this.redis = redis;
    this.outsider = outsider;
    redis.near.on('flush', (event) => this.flushes.push(event));
    redis.near.on('replica', (event) => this.changes.push(event));
  }

  static async start(bed: ReplicatedBed, given: ReplicaRigOptions = {}): Promise<ReplicaRig> {
    const { major = 6, client, url = bed.primary.url, fit, routing, ...options } = given;
    const raw = single(major, url, client);
    const redis = wrap(raw, {
      prefixes: ['k:'],
      heartbeat: 20,
      maxStaleness: 3_000,
      routing: { reads: 'replicas', maxLag: 1_000, ...routing },
      ...options,
    });
    const outsider = single(5, bed.primary.url);
    const rig = new ReplicaRig(bed, raw, redis, outsider);
    await outsider.connect();
    await redis.connect();
    await redis.near.ready();
    await rig.answering(fit ?? bed.replicas.filter(({ responds }) => responds).length);
    return rig;
  }

  /** `stats()` of one node. */
  row(server: { readonly port: number }): Row | undefined {
    return this.redis.near.stats().tracking.find(({ node }) => node.endsWith(`:${server.port}`));
  }

  answers(server: { readonly port: number }): boolean {
    return this.row(server)?.answers === true;
  }

  /** Waits until so many replicas answer. */
  async answering(replicas: number): Promise<void> {
    const count = (): number =>
      this.redis.near.stats().tracking.filter(({ role, answers }) => role === 'replica' && answers).length;
    await until(() => count() === replicas, 10_000, `${replicas} replicas to answer`);
  }

  /** Waits until replicas may be asked for whatever was written or read until now. */
  async covered(...servers: readonly { readonly port: number }[]): Promise<void> {
    const at = performance.now();
    const nodes = servers.length === 0 ? this.bed.replicas.filter(({ responds }) => responds) : servers;
    // A node covers a moment that is at least as late as its lag says: what was noted meanwhile is not meant.
    const covers = (server: { readonly port: number }): boolean =>
      performance.now() - (this.row(server)?.lag ?? Number.POSITIVE_INFINITY) > at;
    await until(() => nodes.every((server) => covers(server)), 10_000, 'the replicas to cover this moment');
  }

  /** The replica that answers for a key, found out by asking. */
  async home(key: string): Promise<RedisServer> {
    await this.redis.set(key, 'home');
    await this.bed.caughtUp();
    let found: RedisServer | undefined;
    // On a busy machine a replica may lag for a moment.
    const isFound = async (): Promise<boolean> => {
      await this.covered();
      const before = this.bed.replicas.map((server) => this.row(server)?.replicaReads ?? 0);
      this.redis.near.clear();
      await this.redis.get(key);
      found = this.bed.replicas.find((server, at) => this.row(server)?.replicaReads !== before[at]);
      return found !== undefined;
    };
    await until(isFound, 10_000, `${key} to be read from a replica`);
    return found ?? this.bed.primary;
  }

  /** A key that is read from this replica. It has a value there. */
  async keyOf(server: RedisServer): Promise<string> {
    for (let at = 0; at < 100; at++) if ((await this.home(`k:${at}`)) === server) return `k:${at}`;
    throw new Error(`No key is read from ${server.url}.`);
  }

  /** Keeps what is written from now on from a replica. Its link stays up. */
  async stall(server: RedisServer): Promise<TcpProxy> {
    await this.bed.caughtUp(server);
    const link = this.bed.link(server);
    link.hold('down');
    return link;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.redis.near.close();
    await Promise.all([discard(this.raw), discard(this.outsider)]);
  }
}

/** Repeatable chance, from 0 to 1. Print the seed. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A seed to print: `SEED` of the environment, or a new one. */
export function newSeed(what: string): number {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`${what}: SEED=${seed}\n`);
  return seed;
}
