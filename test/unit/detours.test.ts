// What is remembered of keys so that their reads find a node: when they were seen at the primary, and how often.

import { beforeEach, describe, expect, test } from 'vitest';
import { Detours } from '../../src/cache/detours.js';
import { HotReads } from '../../src/routing/hot-reads.js';

let detours: Detours;
beforeEach(() => {
  detours = new Detours();
});

describe('hot keys', () => {
  test('are those that were read often within this second or the one before', () => {
    const hot = new HotReads(3);
    expect([0, 1, 2].map((at) => hot.count('k', at))).toEqual([false, false, true]);
    expect(hot.count('other', 3)).toBe(false);
    expect(hot.count('k', 1_500)).toBe(true);
    expect(hot.count('k', 2_600)).toBe(false);
    const cooled = new HotReads(3);
    for (const at of [0, 1, 2]) cooled.count('k', at);
    expect(cooled.count('k', 2_000)).toBe(false);
  });

  test('are counted in bounded memory', () => {
    const hot = new HotReads(2);
    for (let at = 0; at < 10_000; at++) hot.count(`k:${at}`, 0);
    for (let read = 0; read < 5; read++) expect(hot.count('late', 0)).toBe(false);
    expect(hot.count('k:0', 0)).toBe(true);
  });
});

describe('detours', () => {
  test('are known by key, the latest counts', () => {
    detours.note('k', 1);
    detours.note('k', 7);
    detours.note('other', 3);
    expect([detours.since('k'), detours.since('other')]).toEqual([7, 3]);
    expect(detours.since('never')).toBe(Number.NEGATIVE_INFINITY);
  });

  test('of all keys leave those that come later', () => {
    detours.note('k', 1);
    detours.noteAll(5);
    expect([detours.since('k'), detours.since('never')]).toEqual([5, 5]);
    detours.note('k', 9);
    expect([detours.since('k'), detours.since('never')]).toEqual([9, 5]);
  });

  test('for ever are not taken back', () => {
    detours.noteAll(Number.POSITIVE_INFINITY);
    detours.noteAll(5);
    detours.note('k', 6);
    expect([detours.since('k'), detours.since('never')]).toEqual([Infinity, Infinity]);
  });

  test('beyond ten thousand keys forget no moment, only whose it was', () => {
    for (let at = 0; at < 10_000; at++) detours.note(`k:${at}`, at);
    // Noted again, it is not the oldest any more.
    detours.note('k:0', 10_000);
    detours.note('one more', 10_001);
    expect(detours.since('k:0')).toBe(10_000);
    expect(detours.since('k:1')).toBe(1);
    expect(detours.since('never')).toBe(1);
    expect(detours.since('k:2')).toBe(2);
  });
});
