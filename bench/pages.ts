// docs/performance.md and its plots, from what `npm run bench -- --out docs/performance.json` has measured.
//
// npx tsx bench/pages.ts

import { readFileSync, writeFileSync } from 'node:fs';
import * as echarts from 'echarts';
import { type Report, rowsOf, type SuiteReport } from './report.js';

const DOCS = new URL('../docs/', import.meta.url);
const BEGIN = '<!-- measured -->\n';
const END = '<!-- /measured -->';

const report = JSON.parse(readFileSync(new URL('performance.json', DOCS), 'utf8')) as Report;
const page = new URL('performance.md', DOCS);
const before = readFileSync(page, 'utf8');
const start = before.indexOf(BEGIN) + BEGIN.length;
const end = before.indexOf(END);
if (start < BEGIN.length || end < start) throw new Error('docs/performance.md has no place for tables.');
writeFileSync(page, `${before.slice(0, start)}\n${tables()}\n${before.slice(end)}`);
writeFileSync(new URL('performance.svg', DOCS), plot());

function tables(): string {
  const machine = Object.entries(report.machine).map(([name, value]) => `${name}: ${value}`);
  const parts = Object.entries(report.suites).map(([name, suite]) => table(name, suite));
  return [`${machine.join('; ')}.`, ...parts].join('\n\n');
}

function table(name: string, suite: SuiteReport): string {
  const { head, rows } = rowsOf(suite);
  return [
    `### ${suite.title}`,
    `${suite.what} Base: ${suite.base}; ${suite.rounds} rounds; \`npm run bench -- --suite ${name}\`.`,
    '',
    `| ${head.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(head.length - 1)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

/** Medians of a hit on a logarithmic scale: from a map lookup to a round trip. */
function plot(): string {
  const results = Object.entries(report.suites.get?.results ?? {})
    .map(([contestant, figures]) => ({ contestant, time: figures.time?.median ?? 0 }))
    .sort((a, b) => b.time - a.time);
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 860, height: 440 });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: {
      text: 'One awaited read, median (ns, logarithmic)',
      left: 'center',
      textStyle: { fontSize: 15 },
    },
    grid: { left: 220, right: 70, top: 50, bottom: 40 },
    xAxis: { type: 'log', min: 10 },
    yAxis: { type: 'category', data: results.map(({ contestant }) => contestant) },
    series: [
      {
        type: 'bar',
        label: {
          show: true,
          position: 'right',
          formatter: ({ value }: { value: number }) => Math.round(value).toString(),
        },
        data: results.map(({ contestant, time }) => ({
          value: time,
          itemStyle: { color: contestant.startsWith('redis-near-cache') ? '#c6302b' : '#8796a5' },
        })),
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
