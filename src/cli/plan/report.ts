// The calculator's answer for people: tables of figures, the advice, and a plot of how busy a node is by processes.

import Table from 'cli-table3';
import plot from 'simple-ascii-chart';
import type { Advice } from './advice.js';
import type { MeasuredCosts } from './cost-model.js';
import { GATHERED, type Limit, type Plan, planOf, type Strain } from './plan.js';
import type { PlanInput } from './plan-input.js';

/** What the calculator found. */
export interface Outcome {
  readonly input: PlanInput;
  readonly plan: Plan;
  readonly strain: Strain;
  readonly limits: { readonly processes: Limit; readonly writesPerSecond: Limit };
  readonly advice: readonly Advice[];
}

/** Text for a terminal of 100 columns. */
export function reportOf(outcome: Outcome, measured: MeasuredCosts): string {
  const { advice, input } = outcome;
  const [best] = advice;
  const parts = [
    nodesTable(outcome),
    fleetTable(outcome),
    limitText(outcome),
    chart(outcome, measured),
    'What to do, the best first:',
    adviceTable(advice),
    best?.fits
      ? `Best: ${best.name}. ${best.how}`
      : `Nothing of this alone keeps every node under ${percent(input.ceiling)} of a core. Nearest: ${best?.name}.`,
    `Measured on ${measured.server}, ${measured.machine}, Node.js ${measured.node}; other cores: --speed. One core is ` +
      `what a server has for commands and pushes; ${percent(input.ceiling)} of it is the ceiling.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function nodesTable({ plan }: Outcome): string {
  const table = plainTable([
    'node',
    'trackers',
    'core for tracking',
    'for the rest',
    'together',
    'pushes out',
  ]);
  for (const node of plan.nodes) {
    table.push([
      node.count === 1
        ? node.role
        : `each of ${node.count} ${node.role === 'primary' ? 'primaries' : 'replicas'}`,
      count(node.trackers),
      percent(node.invalidations),
      percent(node.rest),
      percent(node.total),
      `${bits(node.network)}, ${bits(node.networkFramed)} framed`,
    ]);
  }
  return table.toString();
}

function fleetTable({ input, plan }: Outcome): string {
  const { cpu, invalidationsPerSecond } = plan.perProcess;
  const table = plainTable(['the fleet', '']);
  table.push(
    ['invalidations per process', `${count(invalidationsPerSecond)}/s, ${percent(cpu)} of a core`],
    [
      `hit ratio, ${input.hitRatio === undefined ? 'estimated' : 'as given'}`,
      `${percent(plan.hitRatio)}: ${count(plan.savedReads)} of ${count(input.reads)} reads/s need no server`,
    ],
    ['a primary without near caches', `${percent(plan.withoutCache)} of a core`],
  );
  return table.toString();
}

function limitText({ limits, strain }: Outcome): string {
  const line = (name: string, { busy, broken }: Limit): string =>
    `${name}: one core is not enough from ${limit(busy)} on, where writes begin to wait and gather; from ` +
    `${limit(broken)} on the server falls behind, with ${GATHERED} gathered per turn.`;
  const now =
    strain.delay === 0
      ? []
      : Number.isFinite(strain.delay)
        ? [
            `As planned, one core is not enough for writes as they come: about ${count(strain.gathered)} gather per turn of ` +
              `${count(strain.delay)} ms, which every command waits.`,
          ]
        : ['As planned, the server falls behind.'];
  return [...now, line('Processes', limits.processes), line('Writes/s', limits.writesPerSecond)].join('\n');
}

function chart({ input, limits }: Outcome, measured: MeasuredCosts): string {
  const { busy } = limits.processes;
  const most = Math.max(input.processes, Math.min(busy, 10 * input.processes), 10) * 1.25;
  const points = Array.from({ length: 64 }, (_, at): [number, number] => {
    const processes = Math.max(1, Math.round((most * at) / 63));
    return [processes, 100 * planOf({ ...input, processes }, measured).busiest];
  });
  const highest = Math.max(100, ...points.map(([, share]) => share));
  const ticks = (most: number, steps: number): number[] =>
    Array.from({ length: steps + 1 }, (_, at) => Number(((most * at) / steps).toPrecision(2)));
  const drawn = plot(points, {
    width: 72,
    height: 14,
    yRange: [0, highest],
    thresholds: [{ y: 100 }, { x: input.processes }],
    customXAxisTicks: ticks(most, 5).slice(1),
    customYAxisTicks: [...new Set([100, ...ticks(highest, 4)])],
    formatter: (value) => count(value),
  });
  const title = `Busiest node in % of a core by processes, ${count(input.batch)} ${input.batch === 1 ? 'write' : 'writes'} per turn`;
  return `${title} (thin lines: one core, and ${count(input.processes)} processes)\n${drawn.replace(/^\n+/, '').trimEnd()}`;
}

function adviceTable(advice: readonly Advice[]): string {
  const table = plainTable([
    'option',
    'busiest node',
    'fits',
    'commands wait',
    'hits',
    'process',
    'full from',
  ]);
  for (const { fits, limit: from, name, plan, strain } of advice) {
    table.push([
      name,
      `${percent(plan.busiest)} of a core`,
      fits ? 'yes' : 'no',
      strain.delay === 0 ? '' : Number.isFinite(strain.delay) ? `${count(strain.delay)} ms` : 'falls behind',
      percent(plan.hitRatio),
      percent(plan.perProcess.cpu),
      `${limit(from.busy)} to ${limit(from.broken)}`,
    ]);
  }
  const how = advice.map((each) => `- ${each.name}: ${each.how}`);
  return `${table.toString()}\n"Full from": processes at which writes begin to wait, and at which the server falls behind.\n${how.join('\n')}`;
}

function plainTable(head: string[]): InstanceType<typeof Table> {
  return new Table({ head, style: { head: [], border: [] } });
}

function percent(share: number): string {
  const value = 100 * share;
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toPrecision(2)} %`;
}

function limit(value: number): string {
  return Number.isFinite(value) ? count(value) : 'never';
}

function count(value: number): string {
  if (value >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (value >= 1e4) return `${trimmed(value / 1e3)}k`;
  return trimmed(value);
}

function trimmed(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}

function bits(bytes: number): string {
  const value = bytes * 8;
  return value >= 1e9 ? `${trimmed(value / 1e9)} Gbit/s` : `${trimmed(value / 1e6)} Mbit/s`;
}
