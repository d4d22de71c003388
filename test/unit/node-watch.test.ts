// What the answers of a node mean, asked in one way or several (rule C8).

import { describe, expect, test } from 'vitest';
import { AllOf, AUTHORITY, type NodeWatch, none, RoleWatch } from '../../src/tracking/node-watch.js';

describe('a node that must satisfy several watches', () => {
  const says = (verdict: ReturnType<NodeWatch['judge']>, question: string): NodeWatch => ({
    questions: [[question]],
    reset() {},
    judge: ({ answers }) => (answers.length === 1 && answers[0] === question ? verdict : none('asked amiss')),
  });
  const judge = (...watches: NodeWatch[]) => {
    const all = new AllOf(watches);
    return all.judge({ answers: all.questions.map(([name]) => name), askedAt: 1 });
  };

  test('covers the least of what they say', () => {
    const covers = (coversAsOf: number) => ({ kind: 'authority', coversAsOf }) as const;
    expect(judge(says(covers(9), 'A'), says(covers(4), 'B'), says(AUTHORITY, 'C'))).toEqual(covers(4));
  });

  test('has no authority if one denies it', () => {
    expect(judge(says(AUTHORITY, 'A'), says(none('no'), 'B'), says(AUTHORITY, 'C'))).toEqual(none('no'));
  });
});

describe('a single server', () => {
  const judge = (mustBe: 'primary' | 'any', role: unknown) =>
    new RoleWatch(mustBe).judge({ answers: [role], askedAt: 1 }).kind;
  const replica = (state: string) => ['slave', '127.0.0.1', 6379, state, 100];

  test.each([
    ['any', ['master', 100, []], 'authority'],
    ['any', replica('connected'), 'authority'],
    ['any', replica('connect'), 'none'],
    ['primary', replica('connected'), 'deposed'],
    ['primary', new Error('NOPERM'), 'authority'],
    ['any', 'PONG', 'nonsense'],
    ['any', ['sentinel', []], 'nonsense'],
    ['any', ['slave', '127.0.0.1', 6379], 'nonsense'],
    ['any', [{ toString: 'master' }], 'nonsense'],
  ] as const)('that must be %s and says %j: %s', (mustBe, role, kind) => {
    expect(judge(mustBe, role)).toBe(kind);
  });

  test('that may not be asked is not asked again on the same connection', () => {
    const watch = new RoleWatch('any');
    watch.judge({ answers: [new Error('NOPERM')], askedAt: 1 });
    expect(watch.questions).toEqual([]);
    expect(watch.judge({ answers: [], askedAt: 2 })).toEqual(AUTHORITY);
    watch.reset();
    expect(watch.questions).toEqual([['ROLE']]);
  });

  test('that is busy proves nothing, and is asked again', () => {
    const watch = new RoleWatch('primary');
    const busy = new Error('BUSY Redis is busy running a script.');
    expect(watch.judge({ answers: [busy], askedAt: 0 })).toMatchObject({ kind: 'none' });
    expect(watch.questions).toEqual([['ROLE']]);
  });
});
