// What the model goes through in every order there is: each scenario is small, and around one way to go wrong.

import type { Key, Reading, Scenario, Step } from './steps.js';

const read = (what: Reading = 'a'): Step => ({ do: 'read', what });
const past = (what: Reading = 'a'): Step => ({ do: 'read past', what });
const write = (key: Key = 'a'): Step => ({ do: 'write', key });
const outside = (key: Key = 'a'): Step => ({ do: 'outside write', key });
const expiring = (after: number): Step => ({ do: 'outside write that expires', key: 'a', after });
const unseen = (key: Key = 'a'): Step => ({ do: 'write unseen', key });
const abort = (actor: number): Step => ({ do: 'abort', actor });
const on = (what: 'lose' | 'arm' | 'silence' | 'ping' | 'tick' | 'idle' | 'break', node = 0): Step => ({
  do: what,
  node,
});
const pass = (time: number): Step => ({ do: 'pass', time });
const wipe: Step = { do: 'wipe' };
const watch: Step = { do: 'watch' };
const exec: Step = { do: 'exec' };
const select: Step = { do: 'select' };
const promote: Step = { do: 'promote' };
const moveSlot: Step = { do: 'move slot' };
const follow: Step = { do: 'follow' };

const LONG = { maxStaleness: 1_000 } as const;
const BRIEF = { maxStaleness: 20 } as const;
const ONE = { topology: 'single', nodes: 1, ...LONG } as const;
const POOL = { ...ONE, topology: 'pool' } as const;
const TWO = { topology: 'replicas', nodes: 2, ...LONG } as const;
const THREE = { topology: 'replicas', nodes: 3, ...LONG } as const;
const FAILOVER = { topology: 'failover', nodes: 2, ...LONG } as const;
const CLUSTER = { topology: 'cluster', nodes: 2, ...LONG } as const;

const OF_ONE_NODE: readonly Scenario[] = [
  { name: 'a change beside reads', ...ONE, actors: [[read()], [read(), read()], [outside()]] },
  {
    name: 'two changes',
    ...ONE,
    actors: [
      [read(), read()],
      [outside(), outside()],
    ],
  },
  { name: 'two keys', ...ONE, actors: [[read('a'), read('b')], [read('b')], [outside('a'), outside('b')]] },
  {
    name: 'a reply of two keys',
    ...ONE,
    actors: [[read('both'), read('both')], [read('b')], [outside('b')]],
  },
  {
    name: 'two commands on one key',
    ...ONE,
    actors: [[read(), read('a otherwise'), read()], [outside()], [on('ping')]],
  },
  {
    name: 'a read past the cache',
    ...ONE,
    actors: [[read(), past(), read()], [outside()], [on('ping'), on('ping')]],
  },
  {
    name: 'own writes',
    ...ONE,
    actors: [
      [write(), read()],
      [read(), read()],
    ],
  },
  { name: 'an own write beside another', ...ONE, actors: [[write(), read()], [read()], [outside()]] },
  {
    name: 'a write of unknown keys',
    ...ONE,
    actors: [
      [read(), unseen(), read()],
      [on('ping'), on('ping')],
    ],
  },
  { name: 'everything changes', ...ONE, actors: [[read('a'), read('a')], [read('b')], [wipe]] },
  {
    name: 'the connection is lost',
    ...ONE,
    actors: [[read(), read()], [on('lose'), on('arm')], [outside()]],
  },
  {
    name: 'the connection is lost, one reads later',
    ...ONE,
    actors: [[read()], [on('lose'), on('arm'), read()], [outside()]],
  },
  {
    name: 'the data connection is lost',
    ...ONE,
    actors: [[read(), read()], [write(), read()], [on('break')]],
  },
  { name: 'a reader goes', ...ONE, actors: [[read(), read()], [read()], [abort(0), read()], [outside()]] },
  { name: 'optimistic locking', ...ONE, actors: [[read(), watch, read(), exec, read()], [outside()]] },
  { name: 'another database', ...ONE, actors: [[read(), select, read()], [read()], [outside()]] },
  { name: 'own writes in a pool', ...POOL, actors: [[write(), read()], [read()], [outside()]] },
  {
    name: 'two commands on one key in a pool',
    ...POOL,
    actors: [[read(), read()], [read('a otherwise'), read('a otherwise')], [outside()]],
  },
  {
    name: 'a write of unknown keys in a pool',
    ...POOL,
    actors: [[unseen(), read()], [read()], [on('ping'), on('ping')]],
  },
  {
    name: 'the connection falls silent',
    ...ONE,
    ...BRIEF,
    actors: [[read()], [on('silence'), outside(), pass(12), pass(12), read()]],
  },
  {
    name: 'the event loop is blocked, the heartbeat late',
    ...ONE,
    ...BRIEF,
    actors: [
      [read(), read()],
      [on('ping'), outside(), pass(22), on('tick'), on('arm')],
    ],
  },
  {
    name: 'a PONG overtakes a push',
    ...ONE,
    ...BRIEF,
    slowPushes: true,
    actors: [[read(), outside(), pass(8), on('ping'), pass(5), on('silence'), pass(8), read()], [read()]],
  },
  {
    name: 'a key expires, and nobody says so',
    ...ONE,
    maxStaleness: 30,
    actors: [[read()], [expiring(6), on('ping'), pass(8), read()]],
  },
];

const OF_REPLICAS: readonly Scenario[] = [
  { name: 'a replica lags', ...TWO, actors: [[read(), read()], [outside()]] },
  { name: 'a read at a replica beside an own write', ...TWO, actors: [[read()], [write(), read()]] },
  { name: 'a read past the cache, and one at a replica', ...TWO, actors: [[past(), read()], [outside()]] },
  {
    name: 'own writes with a replica',
    ...TWO,
    actors: [
      [write(), read(), read()],
      [on('ping', 0), on('ping', 1)],
    ],
  },
  {
    name: 'own writes and others with a replica',
    ...TWO,
    actors: [[write(), read(), read()], [on('ping', 0), on('ping', 1)], [outside()]],
  },
  {
    name: 'a replica knows an own write, and not what was read since',
    ...TWO,
    actors: [
      [write(), on('ping', 0), on('idle', 0), outside(), read(), on('ping', 1), on('idle', 1), read()],
    ],
  },
  {
    name: 'a write of unknown keys with a replica',
    ...TWO,
    actors: [
      [unseen(), read()],
      [on('ping', 0), on('ping', 1)],
    ],
  },
  { name: 'everything changes, also at a replica', ...TWO, actors: [[read(), read()], [read('b')], [wipe]] },
  {
    name: 'two commands on one key at a replica',
    ...TWO,
    actors: [[read(), read()], [read('a otherwise'), read('a otherwise')], [outside()]],
  },
  {
    name: 'a replica comes back',
    ...TWO,
    actors: [
      [read(), read(), read()],
      [on('lose', 1), outside(), on('arm', 1)],
    ],
  },
  { name: 'one of two replicas is lost', ...THREE, actors: [[read(), read()], [outside()], [on('lose', 1)]] },
  { name: 'the other replica is lost', ...THREE, actors: [[read(), read()], [outside()], [on('lose', 2)]] },
  {
    name: 'a replica lags for long',
    ...TWO,
    maxStaleness: 40,
    actors: [
      [
        ...[outside(), on('idle', 0), read(), pass(12), on('ping', 0), on('idle', 0), on('ping', 1)],
        ...[on('idle', 1), pass(12), on('ping', 1), on('idle', 1), pass(6), read()],
      ],
      [read('b')],
    ],
  },
];

const OF_MOVES: readonly Scenario[] = [
  {
    name: 'another primary takes over',
    ...FAILOVER,
    actors: [[read(), read()], [promote, outside(), follow], [on('ping')]],
  },
  {
    name: 'another primary takes over, and the client does not notice',
    ...FAILOVER,
    maxStaleness: 40,
    actors: [
      [
        read(),
        promote,
        outside(),
        pass(12),
        on('ping'),
        on('idle'),
        pass(12),
        on('ping'),
        on('idle'),
        pass(18),
        read(),
      ],
      [read('b')],
    ],
  },
  {
    name: 'a slot moves',
    ...CLUSTER,
    actors: [[read(), read()], [moveSlot, outside(), follow], [on('ping')]],
  },
  {
    name: 'a slot moves, and the client does not notice',
    ...CLUSTER,
    maxStaleness: 40,
    actors: [
      [
        read(),
        moveSlot,
        outside(),
        pass(12),
        on('ping'),
        on('idle'),
        pass(12),
        on('ping'),
        on('idle'),
        pass(18),
        read(),
      ],
      [read('b')],
    ],
  },
  {
    name: 'own writes while a slot moves',
    ...CLUSTER,
    actors: [[write(), read(), read()], [moveSlot, follow], [on('ping')]],
  },
];

/** Two keys, two nodes, two readers, a writer and a fault. */
function bounds(
  fault: string,
  base: Pick<Scenario, 'topology' | 'nodes' | 'maxStaleness'>,
  ...steps: readonly (readonly Step[])[]
): Scenario {
  const name = `two keys, two nodes, two readers, a writer, ${fault}`;
  return { name, ...base, actors: [[read('a'), read('b')], [read('b')], ...steps] };
}

const OTHERS: readonly Step[] = [outside('a'), outside('b')];

/** The bounds of the design, for one fault after the other. */
const OF_BOUNDS: readonly Scenario[] = [
  bounds('the replica is lost for good', TWO, OTHERS, [on('lose', 1)]),
  bounds('the primary is lost', TWO, OTHERS, [on('lose', 0), on('arm', 0)]),
  bounds('the replica falls silent', TWO, OTHERS, [on('silence', 1)]),
  bounds('the data connection to the replica breaks', TWO, OTHERS, [on('break', 1)]),
  bounds('another primary takes over', FAILOVER, OTHERS, [promote, follow]),
  bounds('a slot moves', CLUSTER, OTHERS, [moveSlot, follow]),
];

/** Gone through in every order by `npm test`. */
export const SCENARIOS: readonly Scenario[] = [...OF_ONE_NODE, ...OF_REPLICAS, ...OF_MOVES, ...OF_BOUNDS];

/** By `npm run test:model` only: each has some hundred thousand states. */
export const LONG_SCENARIOS: readonly Scenario[] = [
  bounds('the replica is lost beside an own write', TWO, [write('a')], [on('lose', 1), on('arm', 1)]),
  {
    name: 'two keys, two nodes, two readers of both, a writer of both, the replica is lost and comes back',
    ...TWO,
    actors: [[read('a'), read('b')], [read('b'), read('a')], OTHERS, [on('lose', 1), on('arm', 1)]],
  },
];
