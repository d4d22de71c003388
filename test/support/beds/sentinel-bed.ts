// A primary, its replicas, and sentinels who watch them: the primary is whom the sentinels say it is.

import type { RedisServer } from '../redis-server.js';
import { until } from '../until.js';
import { FAST_REPLICATION, isLinked, replicationOf } from './replication.js';
import { says, startServers, stopServers } from './servers.js';

const PATIENCE = 30_000;

export interface SentinelBedOptions {
  /** Default: 2. */
  readonly replicas?: number;
  /** Default: 3. More than half of them must agree that the primary is gone. */
  readonly sentinels?: number;
  /** After which a sentinel takes a silent node for gone. Unit: ms. Default: 700. */
  readonly downAfter?: number;
  /** After which sentinels give up a failover; after twice as long they begin the next. Unit: ms. Default: 2 000. */
  readonly failoverTimeout?: number;
  /** Added to the command line of the primary and of each replica. */
  readonly args?: readonly string[];
}

export class SentinelBed {
  /** Under which the sentinels know the primary. */
  readonly name = 'near';
  /** In the order of their start: the first primary comes first. Each can be frozen, thawed and killed. */
  readonly nodes: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.nodes = nodes;
    this.sentinels = sentinels;
  }

  /** Resolves when everything is settled: see {@link settled}. */
  static async start(options: SentinelBedOptions = {}): Promise<SentinelBed> {
    const { replicas = 2, sentinels = 3, downAfter = 700, failoverTimeout = 2_000, args = [] } = options;
    const data = { args: [...FAST_REPLICATION, ...args] };
    const nodes = await startServers(Array.from({ length: replicas + 1 }, () => data));
    const watchers: RedisServer[] = [];
    const bed = new SentinelBed(nodes, watchers);
    try {
      const [primary, ...others] = nodes;
      if (primary === undefined) throw new Error(`A bed of ${replicas} replicas?`);
      for (const replica of others) await replica.command('REPLICAOF', '127.0.0.1', `${primary.port}`);
      const config = [
        `sentinel monitor ${bed.name} 127.0.0.1 ${primary.port} ${Math.floor(sentinels / 2) + 1}`,
        `sentinel down-after-milliseconds ${bed.name} ${downAfter}`,
        `sentinel failover-timeout ${bed.name} ${failoverTimeout}`,
        `sentinel parallel-syncs ${bed.name} ${replicas}`,
      ];
      const watcher = { args: ['--sentinel'], config };
      watchers.push(...(await startServers(Array.from({ length: sentinels }, () => watcher))));
      await Promise.all(watchers.map((sentinel) => pace(sentinel, INTRODUCING)));
      await bed.settled();
      await Promise.all(watchers.map((sentinel) => pace(sentinel, WATCHING)));
    } catch (error) {
      await bed.stop();
      throw error;
    }
    return bed;
  }

  /** `{ host, port }` of each sentinel, as `createSentinel()` takes them. */
  get sentinelRootNodes(): { host: string; port: number }[] {
    return this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /** Whom the first sentinel that responds names. */
  async primary(): Promise<RedisServer> {
    const port = await this.#primaryPort(this.#spokesman());
    const primary = this.nodes.find((node) => node.port === port);
    if (primary === undefined) throw new Error(`The sentinels name port ${port}.`);
    return primary;
  }

  async replicas(): Promise<RedisServer[]> {
    const primary = await this.primary();
    return this.nodes.filter((node) => node !== primary);
  }

  /** Makes the sentinels choose another primary while the old one runs. @returns the new one, when all follow it */
  async failover(): Promise<RedisServer> {
    const old = await this.primary();
    const sentinel = this.#spokesman();
    // Refused as long as no replica is known to be fit; given up if the machine is too busy.
    const replaced = () =>
      says(async () => {
        const row = rowOf(await sentinel.command('SENTINEL', 'MASTER', this.name));
        if (row.port !== `${old.port}`) return true;
        if (!row.flags?.includes('failover_in_progress'))
          await sentinel.command('SENTINEL', 'FAILOVER', this.name);
        return false;
      });
    await until(replaced, PATIENCE, `a failover of ${old.url}`);
    return this.takenOver(old);
  }

  /** Kills the primary. @returns the replica that took over, when all others follow it */
  async killPrimary(): Promise<RedisServer> {
    const old = await this.primary();
    await old.kill();
    return this.takenOver(old);
  }

  /** Waits until all sentinels name another primary than `old`, and all is settled. @returns it */
  async takenOver(old: RedisServer): Promise<RedisServer> {
    const replaced = async () => (await this.primary()) !== old;
    await until(() => says(replaced), PATIENCE, `${old.url} to be replaced`);
    await this.settled();
    return this.primary();
  }

  /**
   * Waits until all sentinels that respond name the same primary, take it and its followers for healthy and know each
   * other, and until each node that responds is linked to that primary.
   */
  async settled(): Promise<void> {
    await until(() => says(() => this.#isSettled()), PATIENCE, 'the sentinels to settle');
  }

  async stop(): Promise<void> {
    await stopServers([...this.sentinels, ...this.nodes]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #spokesman(): RedisServer {
    const sentinel = this.sentinels.find(({ responds }) => responds);
    if (sentinel === undefined) throw new Error('No sentinel responds.');
    return sentinel;
  }

  async #primaryPort(sentinel: RedisServer): Promise<number> {
    const address = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.name);
    return Array.isArray(address) ? Number(address[1]) : Number.NaN;
  }

  async #isSettled(): Promise<boolean> {
    const sentinels = this.sentinels.filter(({ responds }) => responds);
    const ports = await Promise.all(sentinels.map((sentinel) => this.#primaryPort(sentinel)));
    if (new Set(ports).size !== 1) return false;
    const primary = await this.primary();
    const followers = this.nodes.filter((node) => node.responds && node !== primary);
    if (!primary.responds || (await replicationOf(primary)).role !== 'primary') return false;
    const links = await Promise.all(followers.map((node) => isLinked(node, primary)));
    const watched = await Promise.all(sentinels.map((sentinel) => this.#watches(sentinel, followers)));
    return [...links, ...watched].every(Boolean);
  }

  /** Whether a sentinel sees the primary, these followers of it and every other sentinel, and all of them well. */
  async #watches(sentinel: RedisServer, followers: readonly RedisServer[]): Promise<boolean> {
    const [primary, replicas, others] = await sentinel.pipeline([
      ['SENTINEL', 'MASTER', this.name],
      ['SENTINEL', 'REPLICAS', this.name],
      ['SENTINEL', 'SENTINELS', this.name],
    ]);
    const well = (rows: readonly Row[]) =>
      rows.filter(({ flags }) => flags !== undefined && !UNWELL.test(flags));
    const seen = (rows: readonly Row[], servers: readonly RedisServer[]) =>
      servers.every(({ port }) => well(rows).some((row) => row.port === `${port}`));
    return (
      well([rowOf(primary)]).some(({ flags }) => flags === 'master') &&
      seen(rowsOf(replicas), followers) &&
      seen(
        rowsOf(others),
        this.sentinels.filter((other) => other.responds && other !== sentinel),
      )
    );
  }
}

type Row = Readonly<Partial<Record<string, string>>>;

const UNWELL = /s_down|o_down|disconnected|in_progress/;

/**
 * Shorter than a sentinel's own periods of seconds. Unit: ms. During a failover it asks a replica for INFO once a second, and
 * passes over one of which it has heard nothing for five ping periods. A busy machine is no reason for it to stand aside.
 */
const BRISK = { 'info-period': 200, 'ping-period': 400, 'tilt-trigger': 10_000 };

/** So that sentinels find each other at once. */
const INTRODUCING = { ...BRISK, 'publish-period': 100 };

/** After four publish periods a sentinel undoes a promotion of which it has heard nothing; the leader needs one second. */
const WATCHING = { ...BRISK, 'publish-period': 500 };

async function pace(sentinel: RedisServer, periods: Readonly<Record<string, number>>): Promise<void> {
  await sentinel.pipeline(
    Object.entries(periods).map(([name, value]) => ['SENTINEL', 'DEBUG', name, `${value}`]),
  );
}

/** A flat list of names and values, as SENTINEL MASTER replies. */
function rowOf(reply: unknown): Row {
  const items = Array.isArray(reply) ? reply.map(String) : [];
  return Object.fromEntries(
    items.flatMap((item, index) => (index % 2 === 0 ? [[item, items[index + 1]]] : [])),
  );
}

function rowsOf(reply: unknown): Row[] {
  return Array.isArray(reply) ? reply.map(rowOf) : [];
}
