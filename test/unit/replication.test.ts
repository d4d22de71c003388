// What nodes say of themselves with their heartbeats, and what that proves (rules C6, C8, C9).

import { beforeEach, describe, expect, test } from 'vitest';
import { Coherence } from '../../src/cache/coherence.js';
import { AUTHORITY } from '../../src/tracking/node-watch.js';
import { type Attached, PrimaryWatch, ReplicaWatch, WrittenOffsets } from '../../src/tracking/replication.js';
import { Session } from '../../src/tracking/session.js';

function info(fields: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}:${value}`);
  return `# Replication\r\n${lines.join('\r\n')}\r\n`;
}

function replicaSays(offset: number, more: Readonly<Record<string, string>> = {}): string {
  const fields = { role: 'slave', master_link_status: 'up', master_replid: 'one', ...more };
  return info({ ...fields, slave_repl_offset: offset });
}

let written: WrittenOffsets;
beforeEach(() => {
  written = new WrittenOffsets();
});

describe('offsets', () => {
  test('cover the latest moment at which the primary had written no more', () => {
    for (const [askedAt, offset] of [
      [10, 100],
      [20, 200],
      [30, 300],
    ] as const)
      written.note('one', offset, askedAt);
    expect([99, 100, 250, 300, 999].map((offset) => written.coveredBy('one', offset))).toEqual([
      Number.NEGATIVE_INFINITY,
      10,
      20,
      30,
      30,
    ]);
  });

  test('that stay the same cover the later moment too', () => {
    for (const askedAt of [10, 20, 30]) written.note('one', 100, askedAt);
    expect(written.coveredBy('one', 100)).toBe(30);
  });

  test('of another history cover nothing, and end those before', () => {
    written.note('one', 100, 10);
    expect(written.coveredBy('two', 999)).toBe(Number.NEGATIVE_INFINITY);
    written.note('two', 500, 20);
    expect(written.coveredBy('one', 999)).toBe(Number.NEGATIVE_INFINITY);
    expect(written.coveredBy('two', 499)).toBe(Number.NEGATIVE_INFINITY);
    expect(written.coveredBy('two', 500)).toBe(20);
  });

  test('are kept in bounded memory: whoever is behind the oldest covers nothing', () => {
    for (let at = 0; at < 1_500; at++) written.note('one', at, at);
    expect(written.coveredBy('one', 499)).toBe(Number.NEGATIVE_INFINITY);
    expect(written.coveredBy('one', 500)).toBe(500);
  });
});

describe('a primary', () => {
  test('tells how far it has written, and who follows it', () => {
    const told: (readonly Attached[])[] = [];
    const watch = new PrimaryWatch(written, (attached) => told.push(attached));
    const answer = info({
      role: 'master',
      master_replid: 'one',
      master_repl_offset: 70,
      slave0: 'ip=::1,port=6380,state=online,offset=42,lag=0',
      slave1: 'ip=10.0.0.2,port=6381,state=wait_bgsave,offset=0,lag=0',
      slave2: 'ip=10.0.0.3,port=0,state=online,offset=42,lag=0',
      slave_repl_offset: 3,
    });
    expect(watch.judge({ answers: [answer], askedAt: 5 })).toEqual(AUTHORITY);
    expect(told).toEqual([[{ host: '::1', port: 6380 }]]);
    expect(written.coveredBy('one', 70)).toBe(5);
  });

  test('that became a replica is deposed, and its offset counts no more', () => {
    const watch = new PrimaryWatch(written, () => {});
    expect(watch.judge({ answers: [replicaSays(50)], askedAt: 5 })).toMatchObject({ kind: 'deposed' });
    expect(written.coveredBy('one', 50)).toBe(Number.NEGATIVE_INFINITY);
  });
});

test.each([
  ['that says nothing', ''],
  ['that says no text', [['role:master']]],
  ['without a history', info({ role: 'master', master_repl_offset: 100 })],
  ['without an offset', info({ role: 'master', master_replid: 'one', master_repl_offset: 'far' })],
])('a primary %s proves nothing, and nothing is noted of it', (_, answer) => {
  const watch = new PrimaryWatch(written, () => {});
  expect(watch.judge({ answers: [answer], askedAt: 5 })).toMatchObject({ kind: 'nonsense' });
  expect(written.coveredBy('one', 1_000)).toBe(Number.NEGATIVE_INFINITY);
});

describe('a replica', () => {
  const judge = (answer: unknown) => new ReplicaWatch(written).judge({ answers: [answer], askedAt: 99 });

  test('has authority up to what it covers', () => {
    written.note('one', 100, 10);
    expect(judge(replicaSays(100))).toEqual({ kind: 'authority', coversAsOf: 10 });
  });

  test.each([
    ['whose link is down', replicaSays(100, { master_link_status: 'down' }), 'none'],
    ['that has applied less than is known of', replicaSays(99), 'none'],
    ['that is a primary', info({ role: 'master', master_replid: 'one', master_repl_offset: 100 }), 'deposed'],
    ['of another history', replicaSays(100, { master_replid: 'two' }), 'deposed'],
    ['that is loading', new Error('LOADING Redis is loading the dataset in memory'), 'none'],
    ['that may not be asked', new Error('NOPERM this user has no permissions'), 'denied'],
    ['that knows no INFO', new Error('ERR unknown command'), 'denied'],
    ['that says nothing', '', 'nonsense'],
    ['that says no text', { toString: 'role:slave' }, 'nonsense'],
  ])('%s proves nothing', (_, answer, kind) => {
    written.note('one', 100, 10);
    expect(judge(answer)).toMatchObject({ kind });
  });

  test('proves nothing before its primary was asked', () => {
    expect(judge(replicaSays(100))).toMatchObject({ kind: 'none' });
  });
});

describe("a replica's session", () => {
  let time: number;
  let session: Session;
  beforeEach(() => {
    time = 100;
    const observer = { flushed() {}, evicted() {}, servingChanged() {}, proofWanted() {} };
    const core = new Coherence({
      maxEntries: 9,
      maxBytes: 9_999,
      ttl: 9_999,
      maxStaleness: 50,
      clock: () => time,
      observer,
    });
    const lease = core.leases.open();
    lease.isReplica = true;
    session = new Session(core, lease);
    session.arm([], 90);
  });
  const beat = (coversAsOf: number): void => {
    session.pingSent();
    session.pongReceived(coversAsOf);
  };

  test('is proven as of what it covered a heartbeat ago', () => {
    expect(session.lease).toMatchObject({ provenAsOf: 90, coversAsOf: 90 });
    time = 120;
    beat(110);
    expect(session.lease).toMatchObject({ provenAsOf: 90, coversAsOf: 110 });
    time = 130;
    beat(125);
    expect(session.lease).toMatchObject({ provenAsOf: 110, coversAsOf: 125, serveUntil: 160 });
  });

  test('is asked again at once only if that brings the proof', () => {
    time = 120;
    beat(105);
    expect(session.canProve(115)).toBe(false);
    beat(118);
    expect(session.canProve(115)).toBe(true);
    beat(119);
    expect(session.lease.provenAsOf).toBe(118);
    expect(session.canProve(115)).toBe(false);
  });

  test('covers nothing that is known after an answer that proves nothing', () => {
    session.pingSent();
    session.pingFailed();
    expect(session.lease).toMatchObject({ provenAsOf: 90, coversAsOf: Number.NEGATIVE_INFINITY });
  });
});
