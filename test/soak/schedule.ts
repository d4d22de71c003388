// Which fault strikes when: decided by the seed alone, whatever the load does meanwhile.

import { seeded } from '../model/seeded.js';

/** One fault of the schedule, with a source of chance of its own for what it does and how long it lasts. */
export interface Stroke<Fault> {
  readonly fault: Fault;
  readonly random: () => number;
}

/** Every fault once in an order by chance, then all of them again in another, without end. */
export function* scheduleOf<Fault>(faults: readonly Fault[], seed: number): Generator<Stroke<Fault>, never> {
  if (faults.length === 0) throw new Error('There is no fault to schedule.');
  const order = seeded(fork(seed, 0));
  let deck: Fault[] = [];
  for (let count = 1; ; count++) {
    if (deck.length === 0) deck = shuffled(faults, order);
    const fault = deck.pop();
    if (fault !== undefined) yield { fault, random: seeded(fork(seed, count)) };
  }
}

/** A seed for one of many streams of chance. */
export function fork(seed: number, stream: number): number {
  return (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) | 0;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const all = [...items];
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}
