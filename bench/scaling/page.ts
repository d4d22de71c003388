// The measurements as the page shows them: tables in Markdown, and a plot as SVG, drawn by ECharts without a browser.

import * as echarts from 'echarts';
import { serverCost } from '../../src/cli/plan/cost-model.js';
import { quartile } from './quartile.js';
import type { Result } from './results.js';
import { deviation, type ServerPoint } from './server-cost.js';

export function tablesOf(results: readonly Result[]): string {
  const parts = [
    'Servers: ' +
      results.map(({ server, machine, node }) => `${server} (${machine}, Node.js ${node})`).join('; ') +
      `. Lower quartiles of ${results[0]?.rounds} rounds, \`npm run bench:scaling -- --write\`.`,
    section(
      'CPU of the server per write, by trackers (µs)',
      results,
      ({ group }) => group === 'base' || group === 'trackers',
      ({ load }) => [
        load.kind,
        `${load.trackers}`,
        `${load.batch}`,
        load.trackers === 0 ? '' : load.noLoop ? 'yes' : 'no',
      ],
      ['', 'trackers', 'per turn', 'NOLOOP'],
    ),
    section(
      'With a connection for each write of a turn (µs per write)',
      results,
      ({ group }) => group === 'writers',
      ({ load }) => [`${load.trackers}`, `${load.batch}`],
      ['trackers', 'writes and connections per turn'],
    ),
    section(
      'By prefixes that are registered and not written to (µs per write, 16 per turn)',
      results,
      ({ group }) => group === 'prefixes',
      ({ load }) => [`${load.trackers}`, `${load.prefixes - load.written}`, load.written > 0 ? 'yes' : 'no'],
      ['trackers', 'such prefixes', 'another one is written to'],
    ),
    section(
      'Keys spread over 16 prefixes, and longer keys (µs per write)',
      results,
      ({ group }) => group === 'messages' || group === 'keys',
      ({ load }) => [
        `${load.trackers}`,
        `${load.written}`,
        `${load.batch}`,
        `${load.keyLength}`,
        load.noLoop ? 'yes' : 'no',
      ],
      ['trackers', 'prefixes', 'per turn', 'bytes of a key', 'NOLOOP'],
    ),
    section(
      'Tracking on a replica, which gathers while it pushes (µs per write)',
      results,
      ({ group }) => group === 'primary' || group === 'replica',
      ({ group, load }, before) => [
        group === 'primary' ? 'primary, with one replica' : 'replica',
        group === 'primary' ? '' : `${load.trackers}`,
        `${group === 'primary' ? load.batch : before?.load.batch}`,
      ],
      ['CPU of the', 'trackers at the replica', 'writes per turn of the primary'],
      ({ cpu, group, load }) =>
        group === 'replica' && load.trackers > 0
          ? `${figure(quartile(cpu))}, ${load.batch.toFixed(0)} per turn`
          : figure(quartile(cpu)),
    ),
    section(
      'Points that were not fitted: measured, and what the formula says (µs per write)',
      results,
      ({ group }) => group === 'held out',
      ({ load }) => [
        `${load.trackers}`,
        `${load.written} of ${load.prefixes}`,
        load.pipeline < load.batch ? `${load.batch}, by as many connections` : `${load.batch}`,
        `${load.keyLength}`,
        load.noLoop ? 'yes' : 'no',
      ],
      ['trackers', 'prefixes written to', 'per turn', 'bytes of a key', 'NOLOOP'],
      (point, result) => {
        const off = deviation(point, result.costs);
        const measured = quartile(point.cpu);
        return `${figure(measured)}, ${figure(measured * (1 + off))} (${off < 0 ? '' : '+'}${(100 * off).toFixed(0)} %)`;
      },
    ),
    wireTable(results[0]),
    clientTable(results),
    costTable(results),
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(
  title: string,
  results: readonly Result[],
  belongs: (point: ServerPoint) => boolean,
  row: (point: ServerPoint, before: ServerPoint | undefined) => string[],
  head: readonly string[],
  cell: (point: ServerPoint, result: Result) => string = ({ cpu }) => figure(quartile(cpu)),
): string {
  const rows = new Map<string, string[]>();
  for (const result of results) {
    for (const [at, point] of result.points.entries()) {
      if (!belongs(point)) continue;
      const name = row(point, result.points[at - 1]).join(' | ');
      const cells = rows.get(name) ?? [];
      rows.set(name, cells);
      // A primary is measured with every load of its replica.
      if (cells.length < results.indexOf(result) + 1) cells.push(cell(point, result));
    }
  }
  const heads = [...head, ...results.map(({ server }) => server)];
  return table(
    title,
    heads,
    Array.from(rows, ([name, cells]) => [name, ...cells]),
  );
}

function wireTable(result: Result | undefined): string {
  const points = (result?.points ?? []).filter(
    ({ load, group }) => load.noLoop && load.trackers === 50 && (group === 'trackers' || group === 'keys'),
  );
  const rows = points.map(({ load, bytes }) => [`${load.batch}`, `${load.keyLength}`, bytes.toFixed(1)]);
  return table(
    'Bytes on the wire per invalidation and tracking connection (RESP3, without TCP/IP)',
    ['keys per message', 'bytes of a key', 'bytes'],
    rows,
  );
}

function clientTable(results: readonly Result[]): string {
  const rows = (results[0]?.clientPoints ?? []).map(({ batch, held }, at) => [
    `${batch}`,
    held ? 'yes' : 'no',
    ...results.map(({ clientPoints }) => figure(quartile(clientPoints[at]?.cpu ?? []))),
  ]);
  return table(
    'CPU of a process per invalidation (µs)',
    ['keys per message', 'held', ...results.map(({ server }) => server)],
    rows,
  );
}

function costTable(results: readonly Result[]): string {
  const names = Object.keys({ ...results[0]?.costs, ...results[0]?.client });
  const rows = names.map((name) => [
    `\`${name}\``,
    ...results.map(({ costs, client }) => figure(Number(Reflect.get({ ...costs, ...client }, name)))),
  ]);
  return table('The fitted costs (µs of CPU)', ['cost', ...results.map(({ server }) => server)], rows);
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function figure(value: number): string {
  return value >= 100
    ? value.toFixed(0)
    : value >= 0.1 || value === 0
      ? value.toPrecision(3)
      : value.toPrecision(2);
}

const COLOURS = ['#c0392b', '#1f77b4', '#2e8b57'];

/** Measured points and the formula's lines, for one write per turn and for many, on both axes by powers of ten. */
export function plotOf(results: readonly Result[]): string {
  const [result] = results;
  if (result === undefined) return '';
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 860, height: 520 });
  const series = [1, 16, 256].flatMap((batch, at) =>
    [true, false].flatMap((noLoop) => {
      const points = result.points.filter(
        ({ group, load }) => group === 'trackers' && load.batch === batch && load.noLoop === noLoop,
      );
      const name = `${batch} per turn${noLoop ? ', NOLOOP' : ''}`;
      const [first] = points;
      const line = Array.from({ length: 60 }, (_, step) => 500 ** (step / 59)).map((trackers) => [
        trackers,
        first === undefined ? 0 : serverCost({ ...first.load, trackers }, result.costs),
      ]);
      const color = COLOURS[at] ?? '#000';
      return [
        {
          name,
          type: 'line' as const,
          showSymbol: false,
          data: line,
          color,
          lineStyle: { color, width: 1.5, type: noLoop ? ('solid' as const) : ('dashed' as const) },
        },
        {
          name: `${name}, measured`,
          type: 'scatter' as const,
          data: points.map(({ load, cpu }) => [load.trackers, quartile(cpu)]),
          symbol: noLoop ? 'circle' : 'emptyCircle',
          symbolSize: 8,
          color,
        },
      ];
    }),
  );
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    textStyle: { fontFamily: 'sans-serif' },
    title: {
      text: `CPU of the server per write (${result.server})`,
      subtext: 'lines: the formula; dots: measured',
      left: 'center',
    },
    legend: {
      bottom: 0,
      width: 600,
      itemGap: 30,
      data: series.filter(({ type }) => type === 'line').map(({ name }) => name),
    },
    grid: { left: 70, right: 30, top: 70, bottom: 120 },
    xAxis: {
      type: 'log',
      min: 1,
      max: 1_000,
      name: 'tracking connections',
      nameLocation: 'middle',
      nameGap: 28,
    },
    yAxis: { type: 'log', name: 'µs', nameLocation: 'end' },
    series,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
