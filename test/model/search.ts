// Goes through the orders in which a scenario's steps can happen: all of them, or as many as asked for at random.
//
// All of them: depth first over the states that can be reached. Two orders that lead to the same state (see fingerprint.ts)
// have the same continuations, so a state is gone on from once; how many orders there are follows by adding up. Each step out of
// each state is executed and checked.

import { fingerprint, hashOf } from './fingerprint.js';
import { Violation } from './promises.js';
import type { Scenario } from './steps.js';
import { World } from './world.js';

export interface Found {
  readonly violation: string;
  /** What happened, in order. */
  readonly trace: readonly string[];
}

export interface Exhausted {
  /** Different states, and steps executed out of them. */
  readonly states: number;
  readonly steps: number;
  /** Different orders of the whole scenario that these make up. */
  readonly orders: number;
  /** Whether that is all there is: no bound was reached, nothing was found. */
  readonly isComplete: boolean;
  readonly found: Found | undefined;
}

class Enough extends Error {}

/** Every order there is, unless there are more states than `limit`. */
export function exhaust(scenario: Scenario, limit = Number.POSITIVE_INFINITY): Exhausted {
  /** By state: how many orders there are from there to the end. */
  const known = new Map<number, number>();
  const path: number[] = [];
  let steps = 0;
  try {
    const orders = explore(new World(scenario));
    return { states: known.size, steps, orders, isComplete: true, found: undefined };
  } catch (error) {
    if (error instanceof Enough)
      return { states: known.size, steps, orders: 0, isComplete: false, found: undefined };
    const found = { violation: violationOf(error), trace: traceOf(scenario, path) };
    return { states: known.size, steps, orders: 0, isComplete: false, found };
  }

  function explore(reached: World): number {
    const name = fingerprint(reached, scenario);
    const before = known.get(name);
    if (before !== undefined) return before;
    if (known.size >= limit) throw new Enough();
    let world = reached;
    let actions = world.enabled();
    const { length } = actions;
    let orders = length === 0 ? 1 : 0;
    for (let choice = 0; choice < length; choice++) {
      if (choice > 0) {
        world = replay(scenario, path);
        actions = world.enabled();
      }
      path.push(choice);
      steps++;
      actions[choice]?.run();
      orders += explore(world);
      path.pop();
    }
    if (length === 0) world.settle();
    known.set(name, orders);
    return orders;
  }
}

/** The same without merging states, for scenarios that are small enough: to check the former by. @returns how many orders */
export function enumerate(scenario: Scenario): number {
  const path: number[] = [];
  return explore(new World(scenario));

  function explore(reached: World): number {
    const { length } = reached.enabled();
    let orders = length === 0 ? 1 : 0;
    for (let choice = 0; choice < length; choice++) {
      const world = choice === 0 ? reached : replay(scenario, path);
      path.push(choice);
      world.enabled()[choice]?.run();
      orders += explore(world);
      path.pop();
    }
    return orders;
  }
}

/** Orders chosen by `random`. `seen` collects their names, to tell how many different ones there were. */
export function sample(
  scenario: Scenario,
  count: number,
  random: () => number,
  seen?: Set<number>,
): Found | undefined {
  for (let order = 0; order < count; order++) {
    const path: number[] = [];
    const world = new World(scenario);
    try {
      for (let actions = world.enabled(); actions.length > 0; actions = world.enabled()) {
        const choice = Math.floor(random() * actions.length);
        path.push(choice);
        actions[choice]?.run();
      }
      world.settle();
    } catch (error) {
      return { violation: violationOf(error), trace: traceOf(scenario, path) };
    }
    seen?.add(hashOf([...nameOf(scenario), ...path]));
  }
  return undefined;
}

/** As numbers. */
function nameOf({ name }: Scenario): number[] {
  return Array.from(name, (letter) => letter.charCodeAt(0));
}

function replay(scenario: Scenario, path: readonly number[]): World {
  const world = new World(scenario);
  // What was checked once need not be checked again.
  for (const choice of path) world.enabled()[choice]?.again();
  return world;
}

/** The same once more, with names. */
function traceOf(scenario: Scenario, path: readonly number[]): string[] {
  const world = new World(scenario);
  const trace: string[] = [];
  try {
    for (const choice of path) {
      const action = world.enabled()[choice];
      trace.push(action?.name() ?? 'nothing');
      action?.run();
    }
  } catch (error) {
    trace.push(`=> ${violationOf(error)}`);
    return trace;
  }
  trace.push('=> and when all that is on its way has arrived');
  return trace;
}

function violationOf(error: unknown): string {
  if (!(error instanceof Violation)) throw error;
  return error.message;
}
