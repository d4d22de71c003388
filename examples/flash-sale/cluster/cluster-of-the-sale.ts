// The cluster that the sale runs on, three shards of a primary and a replica: counts what reaches each shard, kills the
// one that has the hot key, and brings the dead node back.

import { hashSlot } from 'redis-near-cache';
import { ClusterBed, type ClusterNode } from '../../../test/support/beds/cluster-bed.js';
import { HOT_KEY } from '../catalogue.js';
import { monotonic } from '../clock.js';
import type { RedisAddress } from '../messages.js';
import { versionOf } from '../redis-of-the-sale.js';
import type { Stage } from '../sale.js';
import { ShardRates } from './shard-rates.js';
import { LEASE } from './shop.js';

/** After so long without an answer the others take a node for failed. Unit: ms. */
const NODE_TIMEOUT = 1_000;
/** While one shard is gone, the others go on. */
const PARTIAL = ['--cluster-require-full-coverage', 'no'];

/** What the primary of a shard counted since it was started. */
export interface ShardCounts {
  /** `monotonic()`, ms. */
  readonly at: number;
  /** All commands, whoever sent them. */
  readonly operations: number;
  /** Everything that reads cause: GET, HGETALL, and the PTTL that travels with a miss. */
  readonly reads: number;
}

export interface Shard {
  /** From 1. */
  readonly number: number;
  /** Whether the hot key is there. */
  readonly isHot: boolean;
  /** Who answers for it. */
  primary: ClusterNode;
}

export class ClusterOfTheSale implements Stage {
  readonly pid = undefined;
  readonly lease = LEASE;
  readonly version: string;
  readonly shards: readonly Shard[];
  readonly gauges: ShardRates;
  readonly #bed: ClusterBed;

  private constructor(bed: ClusterBed, shards: readonly Shard[], version: string) {
    this.#bed = bed;
    this.shards = shards;
    this.version = version;
    this.gauges = new ShardRates(this);
  }

  static async open(): Promise<ClusterOfTheSale> {
    const bed = await ClusterBed.start({ nodeTimeout: NODE_TIMEOUT, args: PARTIAL });
    const hot = await bed.ownerOf(hashSlot(HOT_KEY));
    const shards = (await bed.primaries()).map((primary, index) => ({
      number: index + 1,
      isHot: primary === hot,
      primary,
    }));
    return new ClusterOfTheSale(bed, shards, versionOf(String(await hot.server.command('INFO', 'server'))));
  }

  get address(): RedisAddress {
    return { rootNodes: this.#bed.rootNodes };
  }

  get hotShard(): Shard {
    const shard = this.shards.find(({ isHot }) => isHot);
    if (shard === undefined) throw new Error(`Nobody has ${HOT_KEY}.`);
    return shard;
  }

  /** In the order of the shards; `undefined` for one whose primary does not answer. */
  counts(): Promise<(ShardCounts | undefined)[]> {
    return Promise.all(this.shards.map(({ primary }) => countsOf(primary)));
  }

  /** Kills the primary that has the hot key. Resolves when its replica has taken over. @returns the dead node */
  async killHotPrimary(): Promise<ClusterNode> {
    const { hotShard } = this;
    const dead = hotShard.primary;
    hotShard.primary = await this.#bed.kill(dead);
    return dead;
  }

  /** Starts a dead node again. Resolves when it is a replica of the one that took over. */
  async revive(dead: ClusterNode): Promise<void> {
    await dead.server.launch();
    await this.#bed.settled();
  }

  async close(): Promise<void> {
    await this.#bed.stop();
  }
}

async function countsOf({ server }: ClusterNode): Promise<ShardCounts | undefined> {
  if (!server.responds) return undefined;
  try {
    const [stats, commands] = (
      await server.pipeline([
        ['INFO', 'stats'],
        ['INFO', 'commandstats'],
      ])
    ).map(String);
    const calls = (command: string): number =>
      Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(commands ?? '')?.[1] ?? 0);
    return {
      at: monotonic(),
      operations: Number(/^total_commands_processed:(\d+)/m.exec(stats ?? '')?.[1] ?? Number.NaN),
      reads: calls('get') + calls('hgetall') + calls('pttl'),
    };
  } catch {
    // Killed meanwhile.
    return undefined;
  }
}
