// A sale on a cluster from its first line to its verdict.

import type { Settings } from '../arguments.js';
import { paint } from '../format.js';
import { type ClusterSale, perform } from './acts.js';
import { summaryText } from './summary.js';
import { writeSummary } from './summary-file.js';
import { judge } from './verdict.js';

/** @returns the exit code */
export async function playOnCluster(sale: ClusterSale, settings: Settings): Promise<number> {
  const { workers, readers, seed, json } = settings;
  const { shards, version } = sale.redis;
  sale.view.say(
    `${paint(['bold', 'magenta'], 'FLASH SALE')}  ${version}, a cluster of ${shards.length} primaries, each with a ` +
      `replica; ${workers} application servers with ${readers} readers each; seed ${seed}`,
  );
  const performance = await perform(sale, settings.schedule);
  const verdict = judge(performance);
  sale.view.say(`\n${summaryText(performance, verdict)}`);
  if (json !== undefined) writeSummary(json, settings, sale.redis, performance, verdict);
  return verdict.failures.length === 0 ? 0 : 1;
}
