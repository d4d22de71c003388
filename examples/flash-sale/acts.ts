// The three acts: what is told to whom, in which order, and what is measured meanwhile.

import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../test/support/until.js';
import type { Schedule } from './arguments.js';
import { ITEM_KEYS } from './catalogue.js';
import { monotonic } from './clock.js';
import { count, millis, paint } from './format.js';
import type { IncidentFigures } from './incidents.js';
import type { Comparison } from './messages.js';
import type { RedisOfTheSale } from './redis-of-the-sale.js';
import type { Sale } from './sale.js';
import type { Score } from './scoreboard.js';
import { ADDED_LINE, LEASE } from './shop.js';

type RedisSale = Sale<RedisOfTheSale>;

/** How long the server stays frozen: twice the lease, so that it runs out. Unit: ms. */
const FREEZE = 2 * LEASE;
/** For what should take well under a second. Unit: ms. */
const PATIENCE = 15_000;

export interface ActFigures {
  readonly durationMs: number;
  readonly score: Score;
  /** By the server's own count. */
  readonly hotGetsPerSecond: number;
  readonly readCommandsPerSecond: number;
  readonly worstStalenessMs: number;
  /** Since the client was opened: reads that returned an older offer than one returned before they were started. */
  readonly stepsBack: number;
}

export interface FaultFigures extends ActFigures, IncidentFigures {}

export interface Performance {
  readonly plain: ActFigures;
  readonly near: ActFigures;
  readonly faults: FaultFigures;
  /** After act three, when writes are at rest; one for each application server. */
  readonly comparisons: readonly Comparison[];
}

export async function perform(sale: RedisSale, schedule: Schedule): Promise<Performance> {
  sale.note('the application servers start and the writer fills the shelves');
  await sale.writer({ order: 'stock' });
  sale.note(`${count(1 + ITEM_KEYS.length)} products are in Redis`);
  const plain = await actOne(sale, schedule);
  const near = await actTwo(sale, schedule);
  const faults = await actThree(sale, schedule);
  return { plain, near, faults, comparisons: await epilogue(sale) };
}

async function actOne(sale: RedisSale, { warmUp, plain }: Schedule): Promise<ActFigures> {
  title(sale, 'Act one: the plain client', 'Every read is a round trip to Redis.');
  await sale.servers({ order: 'open', nearCache: false });
  await sale.writer({ order: 'sell' });
  await warm(sale, warmUp);
  const figures = await measured(sale, () => delay(plain));
  await sale.servers({ order: 'rest' });
  await sale.writer({ order: 'rest' });
  sale.showFigures(false);
  return figures;
}

async function actTwo(sale: RedisSale, { warmUp, near }: Schedule): Promise<ActFigures> {
  title(sale, 'Act two: the same code with one line added', `+ ${ADDED_LINE}`);
  await sale.servers({ order: 'open', nearCache: true });
  sale.scoreboard.clear();
  await sale.writer({ order: 'sell' });
  await warm(sale, warmUp);
  return measured(sale, () => delay(near));
}

async function actThree(sale: RedisSale, { calm, rounds }: Schedule): Promise<FaultFigures> {
  title(
    sale,
    'Act three: things break while the sale goes on',
    'A lost tracking connection empties the cache at once; a silent server is trusted until the lease runs out.\n' +
      'Until coherence is proven again, reads bypass the cache.',
  );
  sale.incidents.begin();
  sale.staleness.begin();
  const figures = await measured(sale, async () => {
    await delay(calm);
    for (let round = 0; round < rounds; round++) {
      await recovered(sale, async () => {
        const killed = await sale.redis.killTracking(sale.names);
        sale.note(paint('red', `${killed} tracking connections killed`));
      });
      await delay(calm);
      await recovered(sale, async () => {
        sale.note(paint('red', `the server is frozen for ${count(FREEZE)} ms (${sale.redis.freezing})`));
        await sale.redis.freeze(FREEZE);
        sale.note('the server is back');
      });
      await delay(calm);
    }
  });
  await sale.writer({ order: 'rest' });
  await sale.servers({ order: 'rest' });
  sale.showFigures(false);
  return { ...figures, ...sale.incidents.figures(), worstStalenessMs: sale.staleness.worst() };
}

/** Every application server compares what it holds with what Redis holds. */
async function epilogue(sale: RedisSale): Promise<readonly Comparison[]> {
  sale.note('the writer rests; every key is compared with Redis');
  await sale.servers({ order: 'compare' });
  return sale.comparisons;
}

/** Caches fill, code is compiled: neither is measured. Staleness is, from the first read on. */
async function warm(sale: RedisSale, duration: number): Promise<void> {
  sale.staleness.begin();
  await sale.servers({ order: 'read' });
  sale.showFigures(true);
  await delay(duration);
}

async function measured(sale: RedisSale, play: () => Promise<unknown>): Promise<ActFigures> {
  await sale.servers({ order: 'mark' });
  sale.scoreboard.mark();
  const before = await sale.redis.counts();
  await play();
  const after = await sale.redis.counts();
  await sale.servers({ order: 'report' });
  const durationMs = after.at - before.at;
  const score = sale.scoreboard.sinceMark();
  const hotGetsPerSecond = ((after.hotGets - before.hotGets) / durationMs) * 1_000;
  sale.note(
    paint(
      'bold',
      `${count(score.readsPerSecond)} reads/s; ${count(hotGetsPerSecond)} hot GETs/s reached Redis`,
    ),
  );
  return {
    durationMs,
    score,
    hotGetsPerSecond,
    readCommandsPerSecond: ((after.readCommands - before.readCommands) / durationMs) * 1_000,
    worstStalenessMs: sale.staleness.worst(),
    stepsBack: sale.scoreboard.stepsBack,
  };
}

/** Does harm and waits until every application server went through bypass and serves again. */
async function recovered(sale: RedisSale, harm: () => Promise<void>): Promise<void> {
  const expected = sale.incidents.recoveries + sale.names.length;
  await harm();
  const end = monotonic();
  await until(() => sale.incidents.recoveries >= expected, PATIENCE, 'every application server to recover');
  sale.note(paint('green', `every application server serves again, after ${millis(monotonic() - end)}`));
}

function title(sale: RedisSale, name: string, explanation: string): void {
  sale.view.say(`\n${paint('bold', name)}\n${explanation}\n`);
}
