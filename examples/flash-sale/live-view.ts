// What is on the screen while the sale goes on: on a terminal a panel that is redrawn in place, elsewhere a line per
// second; what happens is printed above it and stays.

import logUpdate from 'log-update';
import type { NearState } from 'redis-near-cache';
import { count, micros, millis, paint, percent, seconds, sparkline } from './format.js';
import type { Gauge } from './gauges.js';
import type { Score } from './scoreboard.js';

export interface Moment {
  /** Since the sale was opened. Unit: ms. */
  readonly elapsed: number;
  readonly score: Score;
  readonly gauges: readonly Gauge[];
  /** Since the act began. Unit: ms. */
  readonly worstStaleness: number;
  /** By application server; `undefined` for a plain client. */
  readonly states: readonly (NearState | undefined)[];
}

const TERMINAL = process.stdout.isTTY === true && process.env.TERM !== 'dumb';
const LINE_EVERY = 1_000;
/** How many of the latest moments the bars show. */
const HISTORY = 40;

export class LiveView {
  readonly #lease: number;
  /** The panel on the screen; empty while there is none. */
  #drawn = '';
  #printedAt = Number.NEGATIVE_INFINITY;
  readonly #reads: number[] = [];
  /** By the name of the gauge. */
  readonly #gauges = new Map<string, number[]>();

  /** @param lease what staleness is measured by. Unit: ms */
  constructor(lease: number) {
    this.#lease = lease;
  }

  /** Prints something that stays. */
  say(text: string): void {
    if (TERMINAL) logUpdate.clear();
    process.stdout.write(`${text}\n`);
    if (this.#drawn !== '') logUpdate(this.#drawn);
  }

  show(moment: Moment): void {
    remember(this.#reads, moment.score.readsPerSecond);
    for (const { name, perSecond } of moment.gauges) {
      const history = this.#gauges.get(name) ?? [];
      remember(history, perSecond ?? 0);
      this.#gauges.set(name, history);
    }
    if (TERMINAL) {
      this.#drawn = this.#panel(moment);
      logUpdate(this.#drawn);
    } else if (moment.elapsed - this.#printedAt >= LINE_EVERY) {
      this.#printedAt = moment.elapsed;
      process.stdout.write(`${line(moment)}\n`);
    }
  }

  /** Takes the panel away and gives the cursor back. */
  end(): void {
    if (!TERMINAL) return;
    this.#drawn = '';
    logUpdate.clear();
    logUpdate.done();
  }

  #panel({ elapsed, score, gauges, worstStaleness, states }: Moment): string {
    const { latency, hitRatios, readsPerSecond } = score;
    const rows: [string, string, string][] = [
      ['reads/s', count(readsPerSecond), paint('cyan', sparkline(this.#reads))],
      ...gauges.map((gauge): [string, string, string] => {
        const bars = sparkline(this.#gauges.get(gauge.name) ?? []);
        return [gauge.name, shown(gauge), paint('magenta', bars)];
      }),
      ['p50 / p99 of a read', `${micros(latency.readP50)} / ${micros(latency.readP99)}`, ''],
      ['worst staleness', millis(worstStaleness), paint('dim', `lease ${count(this.#lease)} ms`)],
    ];
    for (const [prefix, hitRatio] of Object.entries(hitRatios)) {
      rows.push([`hits ${prefix}`, percent(hitRatio), '']);
    }
    const lines = rows.map(([name, figure, aside]) => `  ${name.padEnd(24)}${figure.padStart(19)}  ${aside}`);
    const servers = states.map((state, index) => badge(state, index)).join('  ');
    return ['', ...lines, `  ${'application servers'.padEnd(24)}${servers}`, `  ${seconds(elapsed)}`].join(
      '\n',
    );
  }
}

function shown({ perSecond }: Gauge): string {
  return perSecond === undefined ? 'silent' : count(perSecond);
}

function line({ elapsed, score, gauges, worstStaleness, states }: Moment): string {
  const { latency, hitRatios, readsPerSecond } = score;
  return [
    seconds(elapsed).padStart(8),
    `reads/s ${count(readsPerSecond).padStart(9)}`,
    ...gauges.map((gauge) => `${gauge.name} ${shown(gauge).padStart(6)}`),
    `p50 ${micros(latency.readP50)} p99 ${micros(latency.readP99)}`,
    `staleness ${millis(worstStaleness)}`,
    ...Object.entries(hitRatios).map(([prefix, hitRatio]) => `${prefix} ${percent(hitRatio)}`),
    ...new Set(states.filter((state) => state !== undefined)),
  ].join(' | ');
}

function badge(state: NearState | undefined, index: number): string {
  const name = `app ${index + 1} ${state ?? 'plain'}`;
  if (state === 'serving') return paint('green', `● ${name}`);
  return state === undefined ? paint('dim', `● ${name}`) : paint('yellow', `○ ${name}`);
}

function remember(history: number[], value: number): void {
  history.push(value);
  if (history.length > HISTORY) history.shift();
}
