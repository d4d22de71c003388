// The coherence core by itself, with a clock in the test's hand: the races that no network will stage on demand.

import { beforeEach, describe, expect, test } from 'vitest';
import { Coherence } from '../../src/cache/coherence.js';
import type { Lease } from '../../src/cache/lease.js';
import { Session } from '../../src/tracking/session.js';

const MAX_STALENESS = 1_000;

let time: number;
let proofsWanted: number;
let core: Coherence;
let lease: Lease;
let session: Session;

beforeEach(() => {
  time = 0;
  proofsWanted = 0;
  core = new Coherence({
    maxEntries: 100,
    maxBytes: 1_000_000,
    ttl: 60_000,
    maxStaleness: MAX_STALENESS,
    clock: () => time,
    observer: { flushed() {}, evicted() {}, servingChanged() {}, proofWanted: () => proofsWanted++ },
  });
  core.register('k:', { ttl: 60_000, maxEntries: undefined, cacheNil: true });
  lease = core.leases.open();
  session = new Session(core, lease);
  session.arm(core.prefixes.all());
});

function prefix() {
  const found = core.prefixes.match('k:1');
  if (found === undefined) throw new Error('No prefix.');
  return found;
}

const depart = (key = 'k:1') => core.depart(key, 'GET', prefix(), lease);

function held(key = 'k:1', value: unknown = 'value'): void {
  core.land(depart(key), 'GET', value, undefined);
}

describe('a reply decoded before a push, whose continuation runs after it', () => {
  test('is not stored', () => {
    const flight = depart();
    core.invalidate('k:1');
    expect(core.land(flight, 'GET', 'old', undefined)).toBe(false);
    expect(core.lookup('k:1', 'GET')).toBeUndefined();
  });

  test('is not stored after a null push either', () => {
    const flight = depart();
    core.flush('server');
    expect(core.land(flight, 'GET', 'old', undefined)).toBe(false);
    expect(core.store.entries).toBe(0);
  });

  test('does not take the place of a newer flight, nor end its joining', () => {
    const old = depart();
    core.invalidate('k:1');
    const next = depart();
    core.land(old, 'GET', 'old', undefined);
    expect(core.join('k:1', 'GET', prefix())).toBe(next);
    expect(core.land(next, 'GET', 'new', undefined)).toBe(true);
    expect(core.lookup('k:1', 'GET')).toBe('new');
  });
});

test('a flight of an older epoch is not stored, even if its node is armed again', () => {
  const flight = depart();
  session.lose('lost');
  session.arm(core.prefixes.all());
  flight.poisoned = false;
  expect(core.land(flight, 'GET', 'old', undefined)).toBe(false);
});

test('nothing that has landed, failed or been poisoned stays in the table of flights', () => {
  held();
  core.fail(depart());
  const poisoned = depart();
  core.drop('k:1');
  core.fail(poisoned);
  expect(core.join('k:1', 'GET', prefix())).toBeUndefined();
});

describe('the lease', () => {
  const ping = (sent: number, answered: number) => {
    time = sent;
    session.pingSent();
    time = answered;
    session.pongReceived();
  };

  test('runs from the sending of the PING before the one that was answered', () => {
    ping(100, 150);
    expect(lease.provenAsOf).toBe(0);
    ping(200, 290);
    expect(lease.provenAsOf).toBe(100);
    ping(300, 310);
    expect(lease.provenAsOf).toBe(200);
    expect(lease.serveUntil).toBe(200 + MAX_STALENESS);
  });

  test('serves to its last millisecond and not beyond', () => {
    held();
    time = MAX_STALENESS - 1;
    expect(core.peek('k:1', 'GET')).toBe('value');
    time = MAX_STALENESS;
    core.now();
    expect(core.lookup('k:1', 'GET')).toBeUndefined();
    expect(core.mayFill(lease, prefix())).toBe(false);
    expect(session.expired(MAX_STALENESS)).toBe(true);
  });

  test('is not extended by an answer that proves nothing, nor by a PONG of the session before', () => {
    time = 100;
    session.pingSent();
    session.pingFailed();
    session.pongReceived();
    expect(lease.provenAsOf).toBe(0);
    session.pingSent();
    session.lose('lost');
    session.arm(core.prefixes.all());
    session.pongReceived();
    expect(lease.provenAsOf).toBe(100);
  });
});

describe('a barrier', () => {
  test('ends when a heartbeat sent after the answer is proven, not before', () => {
    held();
    time = 10;
    core.raiseBarrier();
    time = 20;
    expect(core.lookup('k:1', 'GET')).toBeUndefined();
    core.lowerBarrier();
    expect(proofsWanted).toBe(1);
    core.prove(lease, 19);
    expect(core.lookup('k:1', 'GET')).toBeUndefined();
    expect(core.leases.gate).toBe('barrier');
    core.prove(lease, 20);
    expect(core.lookup('k:1', 'GET')).toBe('value');
    expect(core.leases.gate).toBeUndefined();
  });

  test('waits for the last of several commands under way', () => {
    core.raiseBarrier();
    core.raiseBarrier();
    time = 20;
    core.lowerBarrier();
    core.prove(lease, 30);
    expect(core.mayFill(lease, prefix())).toBe(false);
    time = 40;
    core.lowerBarrier();
    core.prove(lease, 39);
    expect(core.mayFill(lease, prefix())).toBe(false);
    core.prove(lease, 40);
    expect(core.mayFill(lease, prefix())).toBe(true);
  });

  test('is over with a new session, which starts empty', () => {
    held();
    core.raiseBarrier();
    core.lowerBarrier();
    session.lose('lost');
    session.arm(core.prefixes.all());
    expect(core.lookup('k:1', 'GET')).toBeUndefined();
    expect(core.mayFill(lease, prefix())).toBe(true);
  });
});

test('an entry of one node is not dropped with the lease of another', () => {
  const other = core.leases.open();
  core.arm(other, core.prefixes.all());
  held('k:1');
  core.land(core.depart('k:2', 'GET', prefix(), other), 'GET', 'two', undefined);
  core.revoke(other, 'lost');
  expect(core.lookup('k:1', 'GET')).toBe('value');
  expect(core.lookup('k:2', 'GET')).toBeUndefined();
});

test('replies of two nodes do not mix in one entry', () => {
  const other = core.leases.open();
  core.arm(other, core.prefixes.all());
  held('k:1');
  core.land(core.depart('k:1', 'STRLEN', prefix(), other), 'STRLEN', 5, undefined);
  expect(core.lookup('k:1', 'GET')).toBeUndefined();
  expect(core.lookup('k:1', 'STRLEN')).toBe(5);
  core.revoke(other, 'lost');
  expect(core.store.entries).toBe(0);
});

test('an older reply that lands after a newer one does not take its place', () => {
  const older = depart();
  const newer = core.depart('k:1', 'MGET', prefix(), lease);
  core.land(newer, 'GET', 'new', undefined);
  core.land(older, 'GET', 'old', undefined);
  expect(core.lookup('k:1', 'GET')).toBe('new');
});
