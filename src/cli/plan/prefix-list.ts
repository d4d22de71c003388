// The option --prefixes: how many there are, or each by name with the writes under it.

import { invalidOption, numberOf } from '../command.js';
import type { PlannedPrefix } from './plan-input.js';

const EXPECTED =
  "a number, or names with their writes like 'a:=2000/s,b:=10%,c:' that are no more than all writes together";

/** @throws NearCacheError `ERR_NEAR_OPTION` */
export function parsePrefixes(text: string, writes: number): PlannedPrefix[] {
  const count = numberOf(text);
  if (count !== undefined) {
    if (!Number.isInteger(count) || count < 1 || count > 100_000) {
      throw invalidOption('prefixes', 'a whole number from 1 to 100000, or a list', text);
    }
    return Array.from({ length: count }, (_, at) => ({ name: `prefix ${at + 1}`, share: 1 / count }));
  }
  const items = text.split(',').map((item) => {
    const at = item.lastIndexOf('=');
    const name = at === -1 ? item : item.slice(0, at);
    if (name === '') throw invalidOption('prefixes', EXPECTED, text);
    return { name, share: at === -1 ? undefined : shareOf(item.slice(at + 1), writes) };
  });
  const said = items.reduce((sum, { share }) => sum + (share ?? 0), 0);
  // Ten tenths are more than one, to a computer.
  if (said > 1 + 1e-9 || new Set(items.map(({ name }) => name)).size < items.length) {
    throw invalidOption('prefixes', EXPECTED, text);
  }
  const silent = items.filter(({ share }) => share === undefined).length;
  const rest = Math.max(0, 1 - said) / silent;
  return items.map(({ name, share = rest }) => ({ name, share }));

  function shareOf(value: string, all: number): number {
    const [, figure = '', unit] = /^(.+?)(\/s|%)$/.exec(value) ?? [];
    const number = numberOf(figure);
    if (number === undefined) throw invalidOption('prefixes', EXPECTED, text);
    if (unit === '%') return number / 100;
    return number === 0 ? 0 : all === 0 ? Number.POSITIVE_INFINITY : number / all;
  }
}
