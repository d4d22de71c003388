// A soak can be repeated: its seed decides which faults strike, in which order, and what they do.

import { expect, test } from 'vitest';
import { scheduleOf } from './schedule.js';

const FAULTS = ['a', 'b', 'c', 'd', 'e', 'f'];

function taken(seed: number, count: number, drawsBetween = 0): { fault: string; chance: number }[] {
  const strokes = scheduleOf(FAULTS, seed);
  return Array.from({ length: count }, () => {
    const { fault, random } = strokes.next().value;
    for (let draw = 0; draw < drawsBetween; draw++) random();
    return { fault, chance: drawsBetween > 0 ? 0 : random() };
  });
}

test('the same seed gives the same faults with the same chances, another seed gives others', () => {
  expect(taken(7, 60)).toEqual(taken(7, 60));
  expect(taken(8, 60)).not.toEqual(taken(7, 60));
  expect(new Set(taken(7, 60).map(({ chance }) => chance)).size).toBe(60);
});

test('what one fault draws changes nothing for the next', () => {
  const names = (draws: number): string[] => taken(7, 60, draws).map(({ fault }) => fault);
  expect(names(1_000)).toEqual(names(1));
});

test('every fault strikes once before any strikes again', () => {
  const order = taken(3, 60).map(({ fault }) => fault);
  for (let round = 0; round < 10; round++)
    expect([...order.slice(round * 6, round * 6 + 6)].sort()).toEqual(FAULTS);
});
