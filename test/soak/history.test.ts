// The judge of the soak is judged: what it must catch, and what it must forgive, in histories written by hand.

import { describe, expect, test } from 'vitest';
import { EVERY_KEY, History, type View } from './history.js';

const ALLOWED = 1_000;

function rig() {
  const history = new History(ALLOWED);
  return {
    history,
    view: history.view(),
    /** Written and acknowledged, 2 ms later unless said otherwise. @returns the version */
    write: (at: number, ackedAt = at + 2, key = 'k'): number => {
      const sent = history.sending(key, at);
      history.acknowledged(sent, ackedAt);
      return sent.version;
    },
    read: (view: View, at: number, version: number, key = 'k') =>
      view.answered(view.asking(key, at), version).violation,
  };
}

describe('caught', () => {
  test('a value that was superseded for longer than allowed', () => {
    const { write, read, view } = rig();
    const old = write(0);
    write(10);
    expect(read(view, 12 + ALLOWED, old)).toBeUndefined();
    expect(read(view, 13 + ALLOWED, old)).toMatch(/^\(b\) too old: k was 1, superseded 1001 ms before/);
  });

  test('a missing key that has had a value for longer than allowed', () => {
    const { write, read, view } = rig();
    write(0);
    expect(read(view, 1 + ALLOWED, 0)).toBeUndefined();
    expect(read(view, 3 + ALLOWED, 0)).toMatch(/^\(b\)/);
  });

  test('an own write that the next read does not see', () => {
    const { history, view, write, read } = rig();
    write(0);
    const own = history.sending('k', 10);
    history.acknowledged(own, 12);
    view.wrote(own);
    expect(read(view, 13, 1)).toBe('(c) lost its own write: k was 1, after 2');
    expect(read(view, 13, 0)).toBe('(c) lost its own write: k was missing, after 2');
    expect(read(history.view(), 13, 1), 'another process may be late').toBeUndefined();
  });

  test('a step back of one process, at once and much later', () => {
    const { history, view, write, read } = rig();
    const [first, second] = [write(0), write(10)];
    expect(read(view, 13, second)).toBeUndefined();
    expect(read(view, 14, first)).toBe('(d) went back: k was 1, after 2');
    expect(read(view, 14, 0)).toBe('(d) went back: k was missing, after 2');
    expect(read(history.view(), 14, first), 'another process has not seen it').toBeUndefined();
  });

  test('a step back behind what another command of the process has seen meanwhile, if it was asked afterwards', () => {
    const { view, write, read } = rig();
    const [first, second] = [write(0), write(10)];
    const early = view.asking('k', 11);
    expect(read(view, 12, second)).toBeUndefined();
    expect(view.answered(early, first).violation, 'asked before').toBeUndefined();
    expect(read(view, 13, first)).toMatch(/^\(d\)/);
  });

  test('a value that is stuck, however many writes follow it', () => {
    const { view, write, read } = rig();
    const stuck = write(0);
    for (let at = 1; at < 10_000; at++) write(at * 10);
    expect(read(view, 100_000, stuck)).toMatch(/^\(b\)/);
  });

  test('a value that nobody ever wrote', () => {
    const { view, write, read } = rig();
    write(0);
    expect(read(view, 5, 7)).toMatch(/nobody ever wrote/);
  });

  test('a value that outlives FLUSHALL', () => {
    const { history, view, write, read } = rig();
    const old = write(0);
    history.wipes(EVERY_KEY, 10)(20);
    expect(read(view, 20 + ALLOWED, old)).toBeUndefined();
    expect(read(view, 21 + ALLOWED, old)).toMatch(/^\(b\)/);
  });

  test('a value that comes back after the key was seen to be gone', () => {
    const { history, view, write, read } = rig();
    const old = write(0);
    read(view, 5, old);
    history.wipes(EVERY_KEY, 10)(20);
    expect(read(view, 21, 0)).toBeUndefined();
    expect(read(view, 22, old)).toBe('(d) went back: k was 1, which was wiped out before');
    const anew = write(30);
    expect(read(view, 33, anew)).toBeUndefined();
  });

  test('a key that is missing for longer than allowed after it was written anew', () => {
    const { history, view, write, read } = rig();
    write(0);
    history.wipes(EVERY_KEY, 10)(20);
    write(30, 32);
    expect(read(view, 32 + ALLOWED, 0)).toBeUndefined();
    expect(read(view, 33 + ALLOWED, 0)).toMatch(/^\(b\)/);
  });

  test('in a failover, what had reached the replicas before it', () => {
    const { history, view, write, read } = rig();
    const [first, second] = [write(0), write(10)];
    read(view, 13, second);
    const over = history.mayLose(EVERY_KEY, 20);
    const third = write(25);
    expect(read(view, 28, third)).toBeUndefined();
    expect(read(view, 29, first)).toMatch(/^\(d\)/);
    expect(read(view, 30, second), 'the third may be lost').toBeUndefined();
    over();
    expect(read(history.view(), 2_000, first), 'the second superseded it').toMatch(/^\(b\)/);
  });

  test('after a failover, all that is written then', () => {
    const { history, view, write, read } = rig();
    write(0);
    const over = history.mayLose(EVERY_KEY, 5);
    const lost = write(10);
    over();
    const kept = write(20);
    expect(read(view, 23, kept)).toBeUndefined();
    expect(read(view, 24, lost)).toMatch(/^\(d\)/);
    expect(read(history.view(), 23 + ALLOWED, lost)).toMatch(/^\(b\)/);
  });

  test('during a failover of one shard, whatever happens on the others', () => {
    const { history, view, write, read } = rig();
    const over = history.mayLose((key) => key === 'k', 5);
    const [first, second] = [write(10, 12, 'other'), write(20, 22, 'other')];
    read(view, 23, second, 'other');
    expect(read(view, 24, first, 'other')).toMatch(/^\(d\)/);
    expect(read(history.view(), 23 + ALLOWED, first, 'other')).toMatch(/^\(b\)/);
    over();
  });
});

describe('forgiven', () => {
  test('a read that began before a write and is answered after it, with what was there before', () => {
    const { history, view, read } = rig();
    const early = view.asking('k', 0);
    const own = history.sending('k', 1);
    history.acknowledged(own, 3);
    view.wrote(own);
    expect(view.answered(early, 0).violation).toBeUndefined();
    expect(read(view, 4, own.version), 'it is no sign that the key was wiped out').toBeUndefined();
    expect(read(view, 5, 0)).toMatch(/^\(c\)/);
  });

  test('an old value as long as the newer write is not acknowledged', () => {
    const { history, view, write, read } = rig();
    const old = write(0);
    history.sending('k', 10);
    expect(read(view, 50_000, old)).toBeUndefined();
  });

  test('a write that failed and was executed all the same', () => {
    const { history, view, write, read } = rig();
    write(0);
    const failed = history.sending('k', 10);
    expect(read(view, 50_000, failed.version)).toBeUndefined();
    expect(read(view, 50_001, 1), 'but not that it is undone').toMatch(/^\(d\)/);
  });

  test('an own write that a failover may have lost', () => {
    const { history, view, write, read } = rig();
    write(0);
    const over = history.mayLose(EVERY_KEY, 5);
    const own = history.sending('k', 10);
    history.acknowledged(own, 12);
    view.wrote(own);
    over();
    expect(read(view, 20, 1)).toBeUndefined();
  });

  test('a key that is gone again, because a failover has lost what was written after everything was wiped out', () => {
    const { history, view, write, read } = rig();
    write(0);
    history.wipes(EVERY_KEY, 10)(20);
    const over = history.mayLose(EVERY_KEY, 25);
    const lost = write(30);
    expect(read(view, 33, lost)).toBeUndefined();
    expect(read(view, 40, 0)).toBeUndefined();
    over();
    expect(read(view, 50, 1), 'but not with what was wiped out').toMatch(/^\(d\)/);
  });

  test('a write that was on its way while a failover began and ended', () => {
    const { history, view, write, read } = rig();
    write(0);
    const sent = history.sending('k', 10);
    history.mayLose(EVERY_KEY, 12)();
    history.acknowledged(sent, 20);
    expect(read(view, 50_000, 1)).toBeUndefined();
  });

  test('any key that eviction may have taken, those included that appear while it goes on', () => {
    const { history, view, write, read } = rig();
    const kept = write(0);
    read(view, 5, kept);
    const over = history.mayLose(EVERY_KEY, Number.NEGATIVE_INFINITY);
    const late = write(10, 12, 'late');
    read(view, 13, late, 'late');
    expect(read(view, 14, 0, 'late')).toBeUndefined();
    over();
    expect(read(view, 50_000, 0)).toBeUndefined();
  });

  test('a value written while the server was being emptied, there or gone', () => {
    const { history, view, write, read } = rig();
    write(0);
    const over = history.wipes(EVERY_KEY, 10);
    const amid = write(15);
    over(20);
    expect(read(history.view(), 50_000, 0)).toBeUndefined();
    expect(read(view, 50_000, amid)).toBeUndefined();
  });
});
