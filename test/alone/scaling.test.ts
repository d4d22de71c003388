// The calculator against a server: points that were never fitted, measured here and now. Machines differ, and so do a quiet
// one and a busy one, so the costs are scaled by two measurements of other points: writes that nobody hears, and writes that
// some hear. What a push costs depends on the kernel far more than what a write does.

import { afterAll, expect, test } from 'vitest';
import { familyOf } from '../../bench/scaling/family.js';
import { asServerLoad } from '../../bench/scaling/points.js';
import { quartile } from '../../bench/scaling/quartile.js';
import { bytesPerInvalidation, serverCost } from '../../src/cli/plan/cost-model.js';
import { MEASURED_COSTS } from '../../src/cli/plan/measured-costs.js';
import { RedisServer } from '../support/redis-server.js';
import { type Load, TrackingLoad } from '../support/scaling/tracking-load.js';

const server = await RedisServer.start();
const load = await TrackingLoad.start(server);
afterAll(async () => {
  await load.stop();
  await server.stop();
});

/** CPU of a measurement: long against the clock of the system. Unit: µs. */
const ENOUGH = 60_000;
const ROUNDS = 5;
const MOST_ROUNDS = 30;

const BASE: Load = {
  command: 'SET',
  trackers: 0,
  prefixes: 1,
  idlePrefixes: 0,
  batch: 8,
  writers: 1,
  keyLength: 16,
  noLoop: true,
};

const HEARD: Load = { ...BASE, trackers: 60, batch: 20 };

/** What the bench was told of this server, or of the next best: figures of one family hold for its neighbours. */
async function costs() {
  const text = String(await server.command('INFO', 'server'));
  const [, name = 'redis', version = ''] =
    /^(redis|valkey)_version:(\S+)(?![\s\S]*^valkey_version)/m.exec(text) ?? [];
  const [first] = Object.values(MEASURED_COSTS);
  const measured = MEASURED_COSTS[familyOf(`${name} ${version}`)] ?? first;
  if (measured === undefined) throw new Error('Nothing was measured.');
  return measured.costs;
}

test.each<[string, Partial<Load>]>([
  ['40 trackers, a few writes at a time', { trackers: 40, batch: 6 }],
  ['150 trackers without NOLOOP, pipelined writes', { trackers: 150, batch: 40, noLoop: false }],
  [
    '25 trackers with 60 more prefixes and longer keys',
    { trackers: 25, batch: 12, idlePrefixes: 60, keyLength: 48 },
  ],
])('the calculator is right within 30 percent: %s', async (name, changes) => {
  const fitted = await costs();
  const point = { ...BASE, ...changes };
  const cost = (of: Load): number => serverCost(asServerLoad(of), fitted);
  const measured = new Map<Load, number[]>([BASE, HEARD, point].map((of) => [of, []]));
  const seen = (of: Load): number => quartile(measured.get(of) ?? []);
  let off = Number.POSITIVE_INFINITY;
  // A busy machine gets more rounds.
  for (let round = 1; round <= MOST_ROUNDS && (round <= ROUNDS || Math.abs(off) > 0.3); round++) {
    for (const [of, cpus] of measured) {
      await load.open(of);
      const { bytes, cpu } = await load.measure(of, ENOUGH);
      cpus.push(cpu);
      if (of.trackers > 0) expect(bytes).toBeCloseTo(bytesPerInvalidation(of.batch, 1, of.keyLength), 0);
    }
    const writing = seen(BASE) / cost(BASE);
    const unheard = (of: Load): number => cost({ ...of, trackers: 0 });
    const pushing = (seen(HEARD) - writing * unheard(HEARD)) / (cost(HEARD) - unheard(HEARD));
    off = (writing * unheard(point) + pushing * (cost(point) - unheard(point))) / seen(point) - 1;
  }
  process.stdout.write(
    `${name}: ${seen(point).toFixed(2)} µs per write, off by ${(100 * off).toFixed(0)} %\n`,
  );
  expect(Math.abs(off)).toBeLessThan(0.3);
});
