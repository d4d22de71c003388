// Figures and colours as people like to read them.

import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const COLOURED = process.stdout.isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';

/** Plain text where nobody would see the colour. */
export function paint(style: Style, text: string): string {
  return COLOURED ? styleText(style, text) : text;
}

/** 1234567.8 → `1,234,568` */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 0.98765 → `98.77 %` */
export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(2)} %`;
}

/** Three digits, in the unit that fits. `null`: nothing was measured. */
export function micros(value: number | null): string {
  if (value === null) return '–';
  if (value >= 1_000_000) return `${(value / 1_000_000).toPrecision(3)} s`;
  if (value >= 1_000) return `${(value / 1_000).toPrecision(3)} ms`;
  return `${value.toPrecision(3)} µs`;
}

/** Milliseconds with one decimal where it says something. */
export function millis(value: number): string {
  return `${value < 100 ? value.toFixed(1) : count(value)} ms`;
}

/** Seconds with one decimal. Takes ms. */
export function seconds(value: number): string {
  return `${(value / 1_000).toFixed(1)} s`;
}

const BARS = '▁▂▃▄▅▆▇█';

/** A line of bars, as high as the largest value allows. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(...values, 1);
  return values.map((value) => BARS[Math.round((value / top) * (BARS.length - 1))]).join('');
}
