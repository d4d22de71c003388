// The end of the evening: the figures of the acts side by side, and what they come to.

import Table from 'cli-table3';
import type { ActFigures, Performance } from './acts.js';
import { count, micros, millis, paint, percent, seconds } from './format.js';
import type { Latency } from './messages.js';
import { LEASE } from './shop.js';
import { TARGETS, type Verdict } from './verdict.js';

export function summaryText(performance: Performance, verdict: Verdict): string {
  return [comparison(performance), incidents(performance), headlines(verdict)].join('\n\n');
}

/** Acts one and two. */
function comparison({ plain, near }: Performance): string {
  const table = newTable(['', 'plain client', 'near cache', '']);
  const row = (name: string, show: (act: ActFigures) => string, aside = ''): void => {
    table.push([name, show(plain), show(near), aside]);
  };
  const latency = (figure: keyof Latency) => (act: ActFigures) => micros(act.score.latency[figure]);
  const times = (figure: (act: ActFigures) => number, direction: string): string => {
    const [before, after] = [figure(plain), figure(near)];
    const factor = direction === 'more' ? after / before : before / after;
    return `${factor < 100 ? factor.toFixed(1) : count(factor)}x ${direction}`;
  };
  const reads = (act: ActFigures): number => act.score.readsPerSecond;
  const gets = (act: ActFigures): number => act.hotGetsPerSecond;
  const commands = (act: ActFigures): number => act.readCommandsPerSecond;
  row('reads/s', (act) => count(reads(act)), times(reads, 'more'));
  row('hot GETs/s at Redis', (act) => count(gets(act)), paint('bold', times(gets, 'fewer')));
  row('all reads/s at Redis (with PTTL)', (act) => count(commands(act)), times(commands, 'fewer'));
  row('hit ratio', (act) => percent(act.score.hitRatio));
  for (const prefix of Object.keys(near.score.hitRatios)) {
    row(`  ${prefix}`, (act) => percent(act.score.hitRatios[prefix] ?? 0));
  }
  row('p50 of a read', latency('readP50'));
  row('p99 of a read', latency('readP99'));
  row('p50 of a hit', latency('hitP50'));
  row('p99 of a hit', latency('hitP99'));
  row('worst staleness', (act) => millis(act.worstStalenessMs), `lease ${count(LEASE)} ms`);
  return table.toString();
}

/** Act three. */
function incidents({ faults }: Performance): string {
  const table = newTable(['act three', '', '']);
  table.push(
    ['reads/s', count(faults.score.readsPerSecond), `in ${seconds(faults.durationMs)}, faults included`],
    ['time in bypass', seconds(faults.bypassMs), 'per application server'],
    ['flushes', count(faults.flushes), `${count(faults.flushedEntries)} entries`],
    ['recoveries', count(faults.recoveries), 'bypass → serving'],
    ['worst staleness', millis(faults.worstStalenessMs), `lease ${count(LEASE)} ms`],
    ['reads that went back in time', count(faults.stepsBack), ''],
  );
  return table.toString();
}

function headlines(verdict: Verdict): string {
  const { hotGetRatio, hitP99Micros, worstStalenessMs, stuck, compared, comparedFromMemory } = verdict;
  const ratio = hotGetRatio ?? Number.POSITIVE_INFINITY;
  const hit = hitP99Micros ?? Number.POSITIVE_INFINITY;
  const lines = [
    headline(
      ratio >= TARGETS.hotGetRatio,
      `${count(ratio)}x fewer GETs of the hot key at Redis`,
      `target: at least ${TARGETS.hotGetRatio}x`,
    ),
    headline(
      hit < TARGETS.hitP99Micros,
      `p99 of a hit ${micros(hitP99Micros)}`,
      `target: under ${TARGETS.hitP99Micros} µs`,
    ),
    headline(
      worstStalenessMs <= LEASE,
      `worst staleness ${millis(worstStalenessMs)}`,
      `must not exceed the lease, ${count(LEASE)} ms`,
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

/** One line of the verdict. */
export function headline(good: boolean, figure: string, aside: string): string {
  const mark = good ? paint('green', '✔') : paint('red', '✘');
  return `${mark} ${paint('bold', figure)}  ${paint('dim', `(${aside})`)}`;
}

export function newTable(head: readonly string[]): Table.Table {
  return new Table({
    head: head.map((name) => (name === '' ? '' : paint('bold', name))),
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
}
