// What the model goes through: small enough that every order can be tried, each around one way to go wrong.

import type { Scenario, Step } from './world.js';

const read = (key = 'a'): Step => ({ do: 'read', key });
const write = (key = 'a'): Step => ({ do: 'write', key });
const outside = (key = 'a'): Step => ({ do: 'outside write', key });
const unseen = (key = 'a'): Step => ({ do: 'write unseen', key });
const on = (what: 'lose' | 'arm' | 'silence' | 'ping' | 'idle', node = 0): Step => ({ do: what, node });
const pass = (time: number): Step => ({ do: 'pass', time });
const wipe: Step = { do: 'wipe' };

const ONE = { nodes: 1, reads: 'primary', maxStaleness: 1_000 } as const;
const TWO = { nodes: 2, reads: 'replicas', maxStaleness: 1_000 } as const;
const THREE = { nodes: 3, reads: 'replicas', maxStaleness: 1_000 } as const;
const BRIEF = { maxStaleness: 20 } as const;

export const SCENARIOS: readonly Scenario[] = [
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
    name: 'the connection falls silent',
    ...ONE,
    ...BRIEF,
    actors: [[read()], [on('silence'), outside(), pass(12), pass(12), read()]],
  },
  {
    name: 'a PONG overtakes a push',
    ...ONE,
    ...BRIEF,
    slowPushes: true,
    actors: [[read(), outside(), pass(8), on('ping'), pass(5), on('silence'), pass(8), read()], [read()]],
  },
  { name: 'a replica lags', ...TWO, actors: [[read(), read()], [outside()]] },
  { name: 'a read at a replica beside an own write', ...TWO, actors: [[read()], [write(), read()]] },
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
    name: 'a write of unknown keys with a replica',
    ...TWO,
    actors: [
      [unseen(), read()],
      [on('ping', 0), on('ping', 1)],
    ],
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
  {
    name: 'two keys, two nodes, two readers, a writer, a fault',
    ...TWO,
    actors: [
      [read('a'), read('b')],
      [read('b'), read('a')],
      [outside('a'), outside('b')],
      [on('lose', 1), on('arm', 1)],
    ],
  },
];
