// What tracking costs a server: the points of points.ts on one server, some more on a primary and its replica, and the fit.

import { quantities, type ServerCosts, type ServerLoad } from '../../src/cli/plan/cost-model.js';
import { RedisServer } from '../../test/support/redis-server.js';
import { type Load, TrackingLoad } from '../../test/support/scaling/tracking-load.js';
import { until } from '../../test/support/until.js';
import { leastSquares } from './least-squares.js';
import { asServerLoad, type Point, pointsOf } from './points.js';
import { quartile } from './quartile.js';

export interface ServerPoint {
  readonly group: Point['group'] | 'primary' | 'replica';
  readonly load: ServerLoad;
  /** CPU per command, one figure for each round. Unit: µs. */
  readonly cpu: number[];
  /** On the wire, of one invalidation to one tracking connection; for a primary, of a write to its replica. Unit: bytes. */
  bytes: number;
}

/** CPU that a measurement takes at least. Unit: µs. */
const ENOUGH = 100_000;

export async function measureServer(
  isQuick: boolean,
  rounds: number,
  progress: (text: string) => void,
): Promise<{ points: ServerPoint[]; costs: ServerCosts & OwnCosts }> {
  const points = [
    ...(await measureAlone(isQuick, rounds, progress)),
    ...(await measureReplica(rounds, progress)),
  ];
  return { points, costs: fitted(points) };
}

async function measureAlone(
  isQuick: boolean,
  rounds: number,
  progress: (text: string) => void,
): Promise<ServerPoint[]> {
  const server = await RedisServer.start();
  const load = await TrackingLoad.start(server);
  try {
    const points = pointsOf(isQuick).map((point) => ({
      ...point,
      measured: { group: point.group, load: asServerLoad(point.load), cpu: [] as number[], bytes: 0 },
    }));
    for (let round = 0; round < rounds; round++) {
      for (const point of points) {
        progress(`round ${round + 1} of ${rounds}: ${shown(point.load)}`);
        await load.open(point.load);
        const cost = await load.measure(point.load, ENOUGH);
        point.measured.cpu.push(cost.cpu);
        point.measured.bytes = cost.bytes;
      }
    }
    return points.map(({ measured }) => measured);
  } finally {
    await load.stop();
    await server.stop();
  }
}

/** With tracking at the replica of the server that is written to. */
async function measureReplica(rounds: number, progress: (text: string) => void): Promise<ServerPoint[]> {
  const primary = await RedisServer.start();
  const replica = await RedisServer.start('--replicaof', '127.0.0.1', `${primary.port}`);
  try {
    await until(
      async () => String(await replica.command('INFO', 'replication')).includes('link_status:up'),
      30_000,
    );
    const load = await TrackingLoad.start(primary, replica);
    const loads = [0, 10, 100].flatMap((trackers) =>
      [1, 16].map((batch): Load => {
        return {
          command: 'SET',
          trackers,
          prefixes: 1,
          idlePrefixes: 0,
          batch,
          writers: 1,
          keyLength: 16,
          noLoop: true,
        };
      }),
    );
    const points: { load: Load; primary: ServerPoint; replica: ServerPoint }[] = loads.map((each) => ({
      load: each,
      primary: {
        group: 'primary',
        load: asServerLoad(each, { trackers: 0, replicas: 1 }),
        cpu: [],
        bytes: 0,
      },
      replica: {
        group: 'replica',
        load: asServerLoad(each, { kind: 'replicated write' }),
        cpu: [],
        bytes: 0,
      },
    }));
    for (let round = 0; round < rounds; round++) {
      for (const point of points) {
        progress(`round ${round + 1} of ${rounds}: tracking on a replica, ${shown(point.load)}`);
        await load.open(point.load);
        const cost = await load.measure(point.load, ENOUGH);
        point.primary.cpu.push(cost.writtenCpu);
        point.primary.bytes = cost.replicationBytes;
        point.replica.cpu.push(cost.cpu);
        point.replica.bytes += cost.bytes / rounds;
      }
    }
    await load.stop();
    return points.flatMap(({ primary: written, replica: tracked }) => [
      written,
      { ...tracked, load: { ...tracked.load, batch: gathered(tracked), pipeline: gathered(tracked) } },
    ]);
  } finally {
    await replica.stop();
    await primary.stop();
  }
}

/** While a replica pushes, its primary writes on: how many writes it found in a turn shows in the heads of its messages. */
function gathered({ bytes, load }: ServerPoint): number {
  if (load.trackers === 0) return load.batch;
  const key = load.keyLength + `$${load.keyLength}\r\n\r\n`.length;
  const head = '>2\r\n$10\r\ninvalidate\r\n*10\r\n'.length;
  return Math.max(load.batch, Math.round((10 * head) / (bytes - key)) / 10);
}

/** Costs of the benchmark itself, which no application has. Unit: µs of CPU. */
export interface OwnCosts {
  /** Making the server wait until the commands of several connections are there, and going on with cold caches. */
  readonly sleep: number;
}

/** What one run's points come to: the costs that explain them, what is held out left aside. */
export function fitted(points: readonly ServerPoint[]): ServerCosts & OwnCosts {
  const names = Object.keys(exactQuantities(asServerLoad())) as (keyof (ServerCosts & OwnCosts))[];
  const equations = points
    .filter(({ group }) => group !== 'held out')
    .map(({ load, cpu }) => ({ quantities: exactQuantities(load), measured: quartile(cpu) }));
  return leastSquares(names, equations);
}

/** The benchmark's keys take the prefixes in turn, those of an application fall on any of them. */
function exactQuantities(load: ServerLoad): Record<keyof (ServerCosts & OwnCosts), number> {
  const all = quantities(load);
  const sleeps = load.pipeline < load.batch && load.kind !== 'replicated write';
  return {
    ...all,
    message: all.delivery * Math.min(load.written, load.batch),
    sleep: sleeps ? 1 / load.batch : 0,
  };
}

/** How far the formula is from the measurement: 0.1 is a tenth too much. */
export function deviation({ load, cpu }: ServerPoint, costs: ServerCosts & OwnCosts): number {
  let sum = 0;
  for (const [name, quantity] of Object.entries(exactQuantities(load))) {
    sum += quantity * costs[name as keyof ServerCosts];
  }
  return sum / quartile(cpu) - 1;
}

function shown({
  batch,
  command,
  idlePrefixes,
  keyLength,
  noLoop,
  prefixes,
  trackers,
  writers,
}: Load): string {
  return (
    `${command}, ${trackers} trackers, ${prefixes}+${idlePrefixes} prefixes, ${batch} per turn by ${writers} writers, ` +
    `keys of ${keyLength} bytes${noLoop ? ', NOLOOP' : ''}`
  );
}
