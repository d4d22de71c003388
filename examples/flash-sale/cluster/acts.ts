// The three acts on a cluster: the plain client, the near cache, and the near cache while the shard of the hot key loses
// its primary.

import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../test/support/until.js';
import type { Schedule } from '../arguments.js';
import { HOT_PREFIX, ITEM_KEYS } from '../catalogue.js';
import { monotonic } from '../clock.js';
import { count, millis, paint, seconds } from '../format.js';
import type { Comparison } from '../messages.js';
import type { Sale } from '../sale.js';
import type { Score } from '../scoreboard.js';
import type { ClusterOfTheSale } from './cluster-of-the-sale.js';
import type { ShardRate } from './shard-rates.js';
import { ADDED_LINE } from './shop.js';

export type ClusterSale = Sale<ClusterOfTheSale>;

/** For a failover and what follows from it, which take a few seconds. Unit: ms. */
const PATIENCE = 30_000;

export interface ActFigures {
  readonly durationMs: number;
  readonly score: Score;
  readonly shards: readonly ShardRate[];
  readonly worstStalenessMs: number;
}

export interface Failover {
  /** From the kill until the replica has taken over and every node of the cluster knows. Unit: ms. */
  readonly takenOverMs: number;
  /** From then on until every application server answers the hot key from memory again. Unit: ms. */
  readonly hitsAgainMs: number;
}

export interface FaultFigures extends ActFigures {
  readonly failovers: readonly Failover[];
  /** Reads that Redis did not answer. */
  readonly failedReads: number;
  /** Versions of the offer that Redis had acknowledged and lost. */
  readonly lostWrites: number;
}

export interface Performance {
  readonly plain: ActFigures;
  readonly near: ActFigures;
  /** Its shards' rates are those after the last failover. */
  readonly faults: FaultFigures;
  /** Reads through a near cache that returned an older offer than one returned before they were started. */
  readonly stepsBack: number;
  /** When writes are at rest; one for each application server. */
  readonly comparisons: readonly Comparison[];
}

export async function perform(sale: ClusterSale, schedule: Schedule): Promise<Performance> {
  sale.note('the application servers start and the writer fills the shelves');
  await sale.writer({ order: 'stock' });
  sale.note(`${count(1 + ITEM_KEYS.length)} products are in Redis`);
  const plain = await actOne(sale, schedule);
  const near = await actTwo(sale, schedule);
  const faults = await actThree(sale, schedule);
  const { stepsBack } = sale.scoreboard;
  return { plain, near, faults, stepsBack, comparisons: await epilogue(sale) };
}

async function actOne(sale: ClusterSale, { warmUp, plain }: Schedule): Promise<ActFigures> {
  const { hotShard } = sale.redis;
  title(
    sale,
    'Act one: the plain cluster client',
    `Three shards, and shard ${hotShard.number} has the offer: nearly every read goes there.`,
  );
  await sale.servers({ order: 'open', nearCache: false });
  await sale.writer({ order: 'sell' });
  await warm(sale, warmUp);
  const figures = await measured(sale, plain);
  await sale.servers({ order: 'rest' });
  await sale.writer({ order: 'rest' });
  sale.showFigures(false);
  return figures;
}

async function actTwo(sale: ClusterSale, { warmUp, near }: Schedule): Promise<ActFigures> {
  title(sale, 'Act two: the same code with one line added', `+ ${ADDED_LINE}`);
  await sale.servers({ order: 'open', nearCache: true });
  sale.scoreboard.clear();
  await sale.writer({ order: 'sell' });
  await warm(sale, warmUp);
  return measured(sale, near);
}

async function actThree(sale: ClusterSale, { calm, rounds }: Schedule): Promise<FaultFigures> {
  title(
    sale,
    'Act three: the hot shard loses its primary while the sale goes on',
    'What its node vouched for goes at once; the other two shards go on. The replica takes over, and hits come back.',
  );
  sale.staleness.begin();
  const failedBefore = sale.scoreboard.failures;
  const failovers: Failover[] = [];
  let after = await measured(sale, calm);
  for (let round = 0; round < rounds; round++) {
    failovers.push(await failOver(sale));
    after = await measured(sale, calm);
  }
  await sale.writer({ order: 'rest' });
  await sale.servers({ order: 'rest' });
  sale.showFigures(false);
  return {
    ...after,
    failovers,
    failedReads: sale.scoreboard.failures - failedBefore,
    lostWrites: sale.staleness.lost,
    worstStalenessMs: sale.staleness.worst(),
  };
}

async function failOver(sale: ClusterSale): Promise<Failover> {
  const { redis, scoreboard } = sale;
  const { pid } = redis.hotShard.primary.server;
  const killedAt = monotonic();
  sale.note(paint('red', `the primary of shard ${redis.hotShard.number} is killed (SIGKILL, pid ${pid})`));
  const dead = await redis.killHotPrimary();
  const takenOverAt = monotonic();
  sale.note(
    `its replica has taken over, after ${seconds(takenOverAt - killedAt)}: ${redis.hotShard.primary.server.url}`,
  );
  const hits = scoreboard.hits(HOT_PREFIX);
  const again = (): boolean =>
    scoreboard.hits(HOT_PREFIX).every((now, server) => now > (hits[server] ?? Number.POSITIVE_INFINITY));
  await until(again, PATIENCE, 'every application server to answer the hot key from memory');
  const hitsAgainMs = monotonic() - takenOverAt;
  sale.note(paint('green', `every application server has hits again, after ${millis(hitsAgainMs)}`));
  await redis.revive(dead);
  sale.note('the dead node is back, as a replica');
  return { takenOverMs: takenOverAt - killedAt, hitsAgainMs };
}

/** Every application server compares what it holds with what Redis holds. */
async function epilogue(sale: ClusterSale): Promise<readonly Comparison[]> {
  sale.note('the writer rests; every key is compared with Redis');
  await sale.servers({ order: 'compare' });
  return sale.comparisons;
}

/** Caches fill, code is compiled: neither is measured. Staleness is, from the first read on. */
async function warm(sale: ClusterSale, duration: number): Promise<void> {
  sale.staleness.begin();
  await sale.servers({ order: 'read' });
  sale.showFigures(true);
  await delay(duration);
}

async function measured(sale: ClusterSale, duration: number): Promise<ActFigures> {
  const { redis, scoreboard, staleness } = sale;
  await sale.servers({ order: 'mark' });
  scoreboard.mark();
  const startedAt = monotonic();
  const before = await redis.counts();
  await delay(duration);
  const after = await redis.counts();
  const durationMs = monotonic() - startedAt;
  await sale.servers({ order: 'report' });
  const score = scoreboard.sinceMark();
  const shards = redis.gauges.between(before, after);
  const operations = shards.map(({ operationsPerSecond }) => count(operationsPerSecond)).join(' / ');
  sale.note(
    paint('bold', `${count(score.readsPerSecond)} reads/s; the shards do ${operations} operations/s`),
  );
  return { durationMs, score, shards, worstStalenessMs: staleness.worst() };
}

function title(sale: ClusterSale, name: string, explanation: string): void {
  sale.view.say(`\n${paint('bold', name)}\n${explanation}\n`);
}
