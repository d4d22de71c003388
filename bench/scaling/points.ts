// Which loads the benchmark measures. Those that are held out are never fitted: they tell how good the fit is.

import type { ServerLoad } from '../../src/cli/plan/cost-model.js';
import type { Load } from '../../test/support/scaling/tracking-load.js';

export interface Point {
  /** What it is measured for: the tables of the page are made by it. */
  readonly group: 'base' | 'writers' | 'trackers' | 'prefixes' | 'messages' | 'keys' | 'held out';
  readonly load: Load;
}

const PLAIN: Load = {
  command: 'SET',
  trackers: 0,
  prefixes: 1,
  idlePrefixes: 0,
  batch: 1,
  writers: 1,
  keyLength: 16,
  noLoop: true,
};

const BATCHES = [1, 16, 256];
const TRACKERS = [1, 10, 50, 200, 500];

function point(group: Point['group'], load: Partial<Load>): Point {
  return { group, load: { ...PLAIN, ...load } };
}

/** All of them, or every kind of them for a short run. */
export function pointsOf(isQuick: boolean): Point[] {
  const trackers = isQuick ? TRACKERS.filter((count) => count <= 200) : TRACKERS;
  const base = BATCHES.flatMap((batch) => [
    point('base', { batch }),
    point('base', { batch, command: 'GET' }),
  ]);
  const fan = trackers.flatMap((count) =>
    BATCHES.flatMap((batch) =>
      [true, false].map((noLoop) => point('trackers', { trackers: count, batch, noLoop })),
    ),
  );
  const idle = [1, 10, 100, 1_000].flatMap((idlePrefixes) => [
    point('prefixes', { trackers: 1, prefixes: 0, idlePrefixes, batch: 16 }),
    point('prefixes', { trackers: 50, prefixes: 1, idlePrefixes, batch: 16 }),
  ]);
  const spread = [10, 50].flatMap((count) =>
    [16, 256].map((batch) => point('messages', { trackers: count, prefixes: 16, batch })),
  );
  const long = [64, 256].flatMap((keyLength) =>
    [true, false].map((noLoop) => point('keys', { trackers: 50, keyLength, batch: 32, noLoop })),
  );
  const several = [16, 64].flatMap((batch) =>
    [0, 50].map((count) => point('writers', { trackers: count, batch, writers: batch })),
  );
  const heldOut = [
    point('held out', { trackers: 20, batch: 32, writers: 32 }),
    point('held out', { trackers: 30, batch: 4 }),
    point('held out', { trackers: 100, batch: 64, noLoop: false }),
    point('held out', { trackers: 20, batch: 32, keyLength: 40, idlePrefixes: 200 }),
    point('held out', { trackers: 5, batch: 128, prefixes: 4 }),
    ...(isQuick
      ? []
      : [
          point('held out', { trackers: 350, batch: 8 }),
          point('held out', { trackers: 120, batch: 1, noLoop: false }),
        ]),
  ];
  return [...base, ...fan, ...idle, ...spread, ...long, ...several, ...heldOut];
}

/** A measured load in the words of the calculator. */
export function asServerLoad(load: Load = PLAIN, more: Partial<ServerLoad> = {}): ServerLoad {
  return {
    kind: load.command === 'GET' ? 'read' : 'write',
    trackers: load.trackers,
    prefixes: load.prefixes + load.idlePrefixes,
    written: load.prefixes,
    batch: load.batch,
    pipeline: load.batch / load.writers,
    keyLength: load.keyLength,
    noLoop: load.noLoop,
    replicas: 0,
    ...more,
  };
}
