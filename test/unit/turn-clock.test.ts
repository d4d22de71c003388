// The clock of the hit path: few looks, yet neither a long turn nor endless microtasks freeze it.

import { expect, test } from 'vitest';
import { TurnClock } from '../../src/cache/turn-clock.js';

function rig() {
  let time = 0;
  let looks = 0;
  const ends: (() => void)[] = [];
  const clock = new TurnClock(
    () => {
      looks++;
      return time;
    },
    (end) => ends.push(end),
  );
  return {
    clock,
    looks: () => looks,
    pass: (ms: number) => {
      time += ms;
    },
    endTurn: () => {
      for (const end of ends.splice(0)) end();
    },
  };
}

test('the first look of each turn sees the time', () => {
  const { clock, pass, endTurn } = rig();
  for (let turn = 0; turn < 5; turn++) {
    pass(10);
    expect(clock.coarse()).toBe(10 * (turn + 1));
    endTurn();
  }
});

test('within one turn no 64 calls pass without a look', () => {
  const { clock, pass } = rig();
  for (let i = 0; i < 1_000; i++) clock.coarse();
  for (let round = 0; round < 20; round++) {
    const before = clock.coarse();
    pass(10);
    let calls = 1;
    while (clock.coarse() === before) calls++;
    expect(calls).toBeLessThanOrEqual(64);
  }
});

test('early in a turn the looks are dense, so that a block is noticed by the next hit', () => {
  const { clock, pass } = rig();
  clock.coarse();
  pass(500);
  expect(clock.coarse()).toBe(500);
});

test('a million calls in one turn cost a look every 64', () => {
  const { clock, looks } = rig();
  for (let i = 0; i < 1_000_000; i++) clock.coarse();
  expect(looks()).toBeLessThan(1_000_000 / 64 + 10);
});

test('one end of turn is asked for per turn', () => {
  let asked = 0;
  const clock = new TurnClock(
    () => 0,
    () => asked++,
  );
  for (let i = 0; i < 1_000; i++) clock.coarse();
  expect(asked).toBe(1);
});

test('a clock that is set back costs no more than the time since the last look', () => {
  const { clock, pass } = rig();
  pass(1_000);
  expect(clock.exact()).toBe(1_000);
  pass(20);
  pass(-600_000);
  expect(clock.exact(), 'it goes on from where it was').toBe(1_000);
  pass(30);
  expect(clock.exact()).toBe(1_030);
  pass(-5);
  pass(600_000);
  expect(clock.exact(), 'a leap ahead is time that has passed').toBe(601_025);
});

test('a scale that begins below zero is a scale like any other', () => {
  const { clock, pass, endTurn } = rig();
  pass(-1e9);
  expect(clock.coarse()).toBe(-1e9);
  endTurn();
  pass(7);
  expect(clock.coarse()).toBe(-1e9 + 7);
});
