// Goes through the orders in which a scenario's steps can happen: all of them, or as many as asked for at random.

import { Violation } from './promises.js';
import { type Scenario, World } from './world.js';

export interface Found {
  readonly violation: string;
  /** What happened, in order. */
  readonly trace: readonly string[];
}

export interface Searched {
  /** Orders that were gone through, each another one where `exhaustive`. */
  readonly orders: number;
  readonly exhaustive: boolean;
  readonly found: Found | undefined;
}

/** Every order there is, up to `limit` of them. */
export function exhaust(scenario: Scenario, limit: number): Searched {
  let path: number[] = [];
  for (let orders = 1; ; orders++) {
    const widths: number[] = [];
    const found = play(scenario, (width, depth) => {
      widths.push(width);
      return path[depth] ?? 0;
    });
    if (found !== undefined) return { orders, exhaustive: false, found };
    path = widths.map((_, depth) => path[depth] ?? 0);
    let last = path.length - 1;
    while (last >= 0 && (path[last] ?? 0) + 1 >= (widths[last] ?? 0)) last--;
    if (last < 0) return { orders, exhaustive: true, found: undefined };
    path = [...path.slice(0, last), (path[last] ?? 0) + 1];
    if (orders >= limit) return { orders, exhaustive: false, found: undefined };
  }
}

/** Orders chosen by `random`; `seen` tells those apart that were gone through before. */
export function sample(scenario: Scenario, count: number, random: () => number, seen: Set<string>): Searched {
  for (let orders = 1; orders <= count; orders++) {
    let path = scenario.name;
    const found = play(scenario, (width) => {
      const choice = Math.floor(random() * width);
      path += String.fromCharCode(choice);
      return choice;
    });
    seen.add(path);
    if (found !== undefined) return { orders, exhaustive: false, found };
  }
  return { orders: count, exhaustive: false, found: undefined };
}

function play(scenario: Scenario, choose: (width: number, depth: number) => number): Found | undefined {
  const world = new World(scenario);
  const trace: string[] = [];
  try {
    for (let actions = world.enabled(); actions.length > 0; actions = world.enabled()) {
      const action = actions[choose(actions.length, trace.length)];
      if (action === undefined) throw new Error('The search chose what is not there.');
      trace.push(action.name);
      action.run();
    }
    world.settle();
    return undefined;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { violation: error.message, trace };
  }
}
