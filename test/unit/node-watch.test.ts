// What a node's own answers prove about it: its role, and whether it may be asked at all.

import { expect, test } from 'vitest';
import { AUTHORITY, RoleWatch } from '../../src/tracking/node-watch.js';

const PRIMARY = ['master', 0, []];
const replica = (state: string) => ['slave', '127.0.0.1', 6379, state, 0];
const judge = (watch: RoleWatch, role: unknown) => watch.judge({ answers: [role], askedAt: 0 });

test('a primary that became a replica is deposed where it has to be a primary', () => {
  const watch = new RoleWatch('primary');
  expect(judge(watch, PRIMARY)).toEqual(AUTHORITY);
  expect(judge(watch, replica('connected'))).toMatchObject({ kind: 'deposed' });
});

test('elsewhere a replica counts as long as its link is up', () => {
  const watch = new RoleWatch('any');
  expect(judge(watch, replica('connected'))).toEqual(AUTHORITY);
  expect(judge(watch, replica('connect'))).toMatchObject({ kind: 'none' });
});

test('a user without the right to ROLE is not asked again on that connection, and its server counts as a primary', () => {
  const watch = new RoleWatch('primary');
  expect(judge(watch, new Error("NOPERM User x has no permissions to run the 'role' command"))).toEqual(
    AUTHORITY,
  );
  expect(watch.questions).toEqual([]);
  watch.reset();
  expect(watch.questions).toEqual([['ROLE']]);
});

test('a server that is busy proves nothing, and is asked again', () => {
  const watch = new RoleWatch('primary');
  expect(judge(watch, new Error('BUSY Redis is busy running a script.'))).toMatchObject({ kind: 'none' });
  expect(watch.questions).toEqual([['ROLE']]);
});
