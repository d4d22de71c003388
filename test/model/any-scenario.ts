// Scenarios made up at random: larger than those that can be gone through in every order.

import fc from 'fast-check';
import { KEYS, READINGS, type Scenario, type Step, type Topology } from './steps.js';

const key = fc.constantFrom(...KEYS);
const what = fc.constantFrom(...READINGS);
/** In a cluster, both keys may be at different nodes. */
const ofOneKey = fc.constantFrom(...READINGS.filter((reading) => reading !== 'both'));

const short = fc.integer({ min: 1, max: 30 });

function anyStep(topology: Topology, nodes: number, actors: number): fc.Arbitrary<Step> {
  const node = fc.nat({ max: nodes - 1 });
  const reading = topology === 'cluster' ? ofOneKey : what;
  const steps: fc.WeightedArbitrary<Step>[] = [
    { weight: 10, arbitrary: fc.record({ do: fc.constant('read' as const), what: reading }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('read past' as const), what: reading }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('write', 'outside write'), key }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('write unseen' as const), key }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('abort' as const), actor: fc.nat({ max: actors - 1 }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ping' as const), node }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('lose', 'arm', 'tick', 'silence'), node }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('break' as const), node }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), time: short }) },
  ];
  if (topology !== 'cluster') steps.push({ weight: 1, arbitrary: fc.constant<Step>({ do: 'wipe' }) });
  if (topology === 'single' || topology === 'pool') {
    const expiring = fc.record({ do: fc.constant('outside write that expires' as const), key, after: short });
    steps.push({ weight: 1, arbitrary: expiring });
  }
  if (topology === 'single')
    steps.push({ weight: 1, arbitrary: fc.record({ do: fc.constantFrom('watch', 'exec', 'select') }) });
  if (topology === 'failover')
    steps.push({ weight: 1, arbitrary: fc.record({ do: fc.constantFrom('promote', 'follow') }) });
  if (topology === 'cluster')
    steps.push({ weight: 1, arbitrary: fc.record({ do: fc.constantFrom('move slot', 'follow') }) });
  return fc.oneof(...steps);
}

const anyTopology: fc.Arbitrary<readonly [Topology, number]> = fc.constantFrom<
  (readonly [Topology, number])[]
>(['single', 1], ['pool', 1], ['replicas', 2], ['replicas', 3], ['failover', 2], ['cluster', 2]);

export const anyScenario: fc.Arbitrary<Scenario> = fc
  .tuple(anyTopology, fc.integer({ min: 2, max: 4 }))
  .chain(([[topology, nodes], actors]) => {
    const steps = fc.array(anyStep(topology, nodes, actors), { minLength: 1, maxLength: 10 });
    return fc.record({
      name: fc.constant('made up'),
      topology: fc.constant(topology),
      nodes: fc.constant(nodes),
      maxStaleness: fc.constantFrom(40, 1_000),
      slowPushes: fc.boolean(),
      actors: fc.array(steps, { minLength: actors, maxLength: actors }),
    });
  });
