// What an invalidation costs the process that receives it, through this package's own tracking path up to the store.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ClientCosts } from '../../src/cli/plan/cost-model.js';
import type { RedisServer } from '../../test/support/redis-server.js';
import { encode, RawConnection } from '../../test/support/scaling/raw-connection.js';
import { leastSquares } from './least-squares.js';
import type { NearAnswer, NearOrder } from './near-process.js';
import { quartile } from './quartile.js';

export interface ClientPoint {
  /** Keys per message. */
  readonly batch: number;
  /** Whether the process holds the keys. */
  readonly held: boolean;
  /** CPU per invalidation, one figure for each round. Unit: µs. */
  readonly cpu: readonly number[];
}

const PREFIX = 'p0:';
const KEYS = Array.from({ length: 4_096 }, (_, at) => PREFIX + `${at}`.padStart(13, '0'));
const SETS = KEYS.map((key) => encode(['SET', key, 'x'.repeat(100)]));
const OK = '+OK\r\n'.length;
/** So far apart that each message wakes the process. Unit: ms. */
const APART = 1;

export async function measureClient(
  server: RedisServer,
  rounds: number,
  progress: (text: string) => void,
): Promise<{ points: ClientPoint[]; costs: ClientCosts }> {
  const folder = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const outfile = `${folder}near-process-${process.pid}.mjs`;
  const entry = fileURLToPath(new URL('./near-process.ts', import.meta.url));
  await build({ entryPoints: [entry], bundle: true, packages: 'external', format: 'esm', outfile });
  const near = fork(outfile, [server.url, PREFIX], { execArgv: [] });
  const writer = await RawConnection.open(server.port);
  try {
    await once(near, 'message');
    const kinds = [1, 16, 256].flatMap((batch) => [true, false].map((held) => ({ batch, held })));
    const measured = kinds.map((kind) => ({ ...kind, cpu: [] as number[] }));
    // The first round is for the compiler.
    for (let round = -1; round < rounds; round++) {
      for (const point of measured) {
        progress(`a process, ${point.batch} keys per message, ${point.held ? 'held' : 'not held'}`);
        const cpu = await replay(near, writer, point);
        if (round >= 0) point.cpu.push(cpu);
      }
    }
    return { points: measured, costs: fittedClient(measured) };
  } finally {
    writer.destroy();
    const gone = once(near, 'exit');
    near.disconnect();
    await gone;
    rmSync(outfile);
  }
}

/** The costs that explain what was measured. */
export function fittedClient(points: readonly ClientPoint[]): ClientCosts {
  // Their errors are weighed relative to them.
  const lost = points.find(({ cpu }) => quartile(cpu) <= 0);
  if (lost !== undefined)
    throw new Error(
      `A process with ${lost.batch} keys per message cost nothing above what it does by itself.`,
    );
  return leastSquares(
    ['wake', 'key', 'heldKey'],
    points.map(({ batch, held, cpu }) => ({
      quantities: { wake: 1 / batch, key: held ? 0 : 1, heldKey: held ? 1 : 0 },
      measured: quartile(cpu),
    })),
  );
}

/** CPU per invalidation. Unit: µs. */
async function replay(
  near: ChildProcess,
  writer: RawConnection,
  { batch, held }: { readonly batch: number; readonly held: boolean },
): Promise<number> {
  const repeats = batch === 1 ? 1 : batch === 16 ? 4 : 24;
  const turns = Array.from({ length: Math.ceil(KEYS.length / batch) }, (_, at) =>
    SETS.slice(at * batch, (at + 1) * batch),
  );
  let spent = 0;
  let wall = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const before = await ask(near, { hold: held ? KEYS : [] });
    const from = performance.now();
    for (const turn of turns) {
      await writer.send(Buffer.from(turn.join('')), OK * turn.length);
      await delay(APART);
    }
    const after = await ask(near, {});
    wall += performance.now() - from;
    if (after.invalidations - before.invalidations !== KEYS.length) {
      throw new Error(
        `${after.invalidations - before.invalidations} invalidations of ${KEYS.length} arrived.`,
      );
    }
    if (held && before.entries - after.entries !== KEYS.length) throw new Error('Not all keys were held.');
    spent += after.cpu - before.cpu;
  }
  return Math.max(0, spent - (await idleShare(near)) * wall) / (KEYS.length * repeats);
}

async function ask(near: ChildProcess, order: NearOrder): Promise<NearAnswer> {
  const answered = once(near, 'message');
  near.send(order);
  const [answer] = (await answered) as [NearAnswer];
  return answer;
}

/** What it does by itself, heartbeats above all: of several looks the least, which no garbage collection fell into. Unit: µs per ms. */
async function idleShare(near: ChildProcess): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 3; look++) {
    const from = performance.now();
    const idle = await ask(near, {});
    await delay(500);
    const idler = await ask(near, {});
    least = Math.min(least, (idler.cpu - idle.cpu) / (performance.now() - from));
  }
  return least;
}
