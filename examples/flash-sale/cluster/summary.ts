// The end of the evening on a cluster: the shards side by side, before and after, and what it comes to.

import { count, micros, millis, paint, percent, seconds } from '../format.js';
import { headline, newTable } from '../summary.js';
import type { ActFigures, Performance } from './acts.js';
import { LEASE } from './shop.js';
import { TARGETS, type Verdict } from './verdict.js';

export function summaryText(performance: Performance, verdict: Verdict): string {
  return [comparison(performance, verdict), incidents(performance), headlines(performance, verdict)].join(
    '\n\n',
  );
}

function comparison({ plain, near, faults }: Performance, { shardSpread }: Verdict): string {
  const table = newTable(['', 'plain client', 'near cache', 'after failover']);
  const row = (name: string, show: (act: ActFigures) => string): void => {
    table.push([name, show(plain), show(near), show(faults)]);
  };
  row('reads/s', ({ score }) => count(score.readsPerSecond));
  row('hit ratio', ({ score }) => percent(score.hitRatio));
  row('p99 of a read', ({ score }) => micros(score.latency.readP99));
  row('worst staleness', ({ worstStalenessMs }) => millis(worstStalenessMs));
  for (const [index, { shard, isHot }] of plain.shards.entries()) {
    const name = isHot ? paint('bold', `shard ${shard} (hot)`) : `shard ${shard}`;
    row(`${name}: operations/s`, ({ shards }) => count(shards[index]?.operationsPerSecond ?? 0));
    row('  of them reads (with PTTL)', ({ shards }) => count(shards[index]?.readsPerSecond ?? 0));
  }
  const spreads = [shardSpread.plain, shardSpread.near, shardSpread.afterFailover];
  table.push(['busiest over idlest shard', ...spreads.map((spread) => `${spread.toFixed(2)}x`)]);
  return table.toString();
}

/** Act three. */
function incidents({ faults }: Performance): string {
  const table = newTable(['act three', '', '']);
  for (const [index, { takenOverMs, hitsAgainMs }] of faults.failovers.entries()) {
    table.push(
      [`failover ${index + 1}`, seconds(takenOverMs), 'from the kill until the replica leads'],
      ['  hits again', millis(hitsAgainMs), 'later, on every application server'],
    );
  }
  table.push(
    ['reads without an answer', count(faults.failedReads), 'of the shard that was gone'],
    ['writes lost by Redis', count(faults.lostWrites), 'acknowledged, but not replicated yet'],
  );
  return table.toString();
}

function headlines({ faults, stepsBack }: Performance, verdict: Verdict): string {
  const { hotShardReadsSaved, shardSpread, worstStalenessMs, stuck, compared, comparedFromMemory } = verdict;
  const lines = [
    headline(
      hotShardReadsSaved >= TARGETS.hotShardReadsSaved,
      `${percent(hotShardReadsSaved)} fewer reads on the shard of the hot key`,
      `target: at least ${percent(TARGETS.hotShardReadsSaved)}`,
    ),
    headline(
      shardSpread.near <= TARGETS.shardSpread,
      `the shards' operation rates are within ${shardSpread.near.toFixed(2)}x of each other`,
      `target: ${TARGETS.shardSpread}x; plain client: ${shardSpread.plain.toFixed(1)}x`,
    ),
    headline(
      true,
      `hits again ${millis(Math.max(...faults.failovers.map(({ hitsAgainMs }) => hitsAgainMs)))} after the replica took over`,
      `${count(faults.failovers.length)} primaries of the hot shard killed`,
    ),
    headline(
      worstStalenessMs <= LEASE,
      `worst staleness ${millis(worstStalenessMs)}`,
      `must not exceed the lease, ${count(LEASE)} ms`,
    ),
    headline(
      stepsBack === 0 || faults.lostWrites > 0,
      `${count(stepsBack)} reads that went back in time`,
      `${count(faults.lostWrites)} writes lost by Redis itself`,
    ),
    headline(
      stuck === 0,
      `${count(stuck)} stuck values`,
      `${count(compared)} keys compared with Redis, ${count(comparedFromMemory)} of them held in memory`,
    ),
    ...verdict.failures.map((failure) => paint(['red', 'bold'], `FAILED: ${failure}`)),
  ];
  return lines.join('\n');
}
