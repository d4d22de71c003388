// Scenarios made up at random: larger than those that can be gone through in every order.

import fc from 'fast-check';
import type { Scenario, Step } from './world.js';

const key = fc.constantFrom('a', 'b');

function anyStep(nodes: number): fc.Arbitrary<Step> {
  const node = fc.nat({ max: nodes - 1 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('read' as const), key }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('write', 'outside write'), key }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('write unseen' as const), key }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'wipe' }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ping' as const), node }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('lose', 'arm', 'silence'), node }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('pass' as const), time: fc.integer({ min: 1, max: 30 }) }),
    },
  );
}

export const anyScenario: fc.Arbitrary<Scenario> = fc.integer({ min: 1, max: 3 }).chain((nodes) =>
  fc.record({
    name: fc.constant('any'),
    nodes: fc.constant(nodes),
    reads: fc.constant<Scenario['reads']>(nodes === 1 ? 'primary' : 'replicas'),
    maxStaleness: fc.constantFrom(40, 1_000),
    slowPushes: fc.boolean(),
    actors: fc.array(fc.array(anyStep(nodes), { minLength: 1, maxLength: 10 }), {
      minLength: 2,
      maxLength: 4,
    }),
  }),
);
