// Many processes, one cold key, one load; and how soon those who wait have it.

import { afterEach, describe, expect, test } from 'vitest';
import { useServer } from '../../support/use-server.js';
import { LoadingProcess } from './loading-processes.js';
import type { Brief } from './scripts/loading-process.js';

const server = await useServer();
let processes: LoadingProcess[] = [];

afterEach(async () => {
  await Promise.all(processes.map((each) => each.kill()));
  processes = [];
});

async function start(count: number, options: Brief['options'] = {}, delay = 200): Promise<void> {
  const brief = { dataUrl: server.url, trackingUrl: server.url, originUrl: server.url, delay, options };
  // Some at a time: all at once would only wait for each other.
  for (let at = 0; at < count; at += 10) {
    const some = Array.from({ length: Math.min(10, count - at) }, () => LoadingProcess.start(brief));
    processes.push(...(await Promise.all(some)));
  }
}

async function loads(id: string): Promise<number> {
  return Number(await server.command('GET', `loads:${id}`));
}

describe('50 processes with 20 readers each on a cold key, from an origin that takes 200 ms', () => {
  test('load it once', { timeout: 120_000 }, async () => {
    await start(50);
    await server.command('SET', 'row:1', 'teapot');
    const answers = await Promise.all(processes.map((each) => each.ask('get', ['1'], 20)));
    const values = new Set(answers.flatMap(({ results }) => results));
    expect([...values]).toEqual(['teapot']);
    expect(await loads('1')).toBe(1);
    expect(await server.command('GET', 'k:1')).toBe('"teapot"');
  });

  test('load it once a process at most without locks', { timeout: 120_000 }, async () => {
    await start(50, { lock: false });
    await server.command('SET', 'row:1', 'teapot');
    const answers = await Promise.all(processes.map((each) => each.ask('get', ['1'], 20)));
    expect(new Set(answers.flatMap(({ results }) => results))).toEqual(new Set(['teapot']));
    const counts = await Promise.all(processes.map((each) => each.one('stats')));
    const most = Math.max(...counts.map((stats) => (stats as { loads: number }).loads));
    expect(most).toBe(1);
    expect(await loads('1')).toBeGreaterThan(1);
  });
});

test('those who wait have the value within 10 ms of the fill (median): by push, not by polling', {
  timeout: 60_000,
}, async () => {
  // A load of 300 ms: by then the waits between two polls would be 200 ms and more.
  await start(3, {}, 300);
  const medians: number[] = [];
  for (let batch = 0; batch < 5 && !medians.some((median) => median <= 10); batch++) {
    const late: number[] = [];
    for (let round = 0; round < 7; round++) {
      const id = `${batch}-${round}`;
      await server.command('SET', `row:${id}`, 'teapot');
      const answers = await Promise.all(processes.map((each) => each.ask('get', [id])));
      expect(await loads(id)).toBe(1);
      const [first = 0, ...others] = answers.map(({ at }) => at).sort((a, b) => a - b);
      late.push(...others.map((at) => at - first));
    }
    medians.push(late.sort((a, b) => a - b)[Math.floor(late.length / 2)] ?? Number.NaN);
  }
  // A busy machine may spoil a batch of seven, hardly all five.
  expect(Math.min(...medians)).toBeLessThanOrEqual(10);
});
