// What a node of a cluster says of its slots, and what that does to reads under way: the races that no cluster will stage
// on demand.

import { beforeEach, expect, test } from 'vitest';
import { Coherence } from '../../src/cache/coherence.js';
import type { Lease } from '../../src/cache/lease.js';
import { ClusterWatch, type Owned } from '../../src/tracking/cluster-watch.js';

const OK = 'cluster_state:ok\r\ncluster_slots_assigned:16384\r\n';
const line = (id: string, flags: string, primary: string, slots = ''): string =>
  `${id} 127.0.0.1:1@2 ${flags} ${primary} 0 0 1 connected ${slots}`.trim();
const primaryWith = (slots: string): string =>
  [line('a', 'myself,master', '-', slots), line('b', 'master', '-', '100-16383')].join('\n');

let moves: Owned[];
let watch: ClusterWatch;
const told = (nodes: string, info = OK) => watch.judge({ answers: [info, nodes], askedAt: 0 });
/** Which of these slots are said to be there, by the last change. */
const owned = (...slots: number[]) => slots.filter((slot) => moves.at(-1)?.(slot));

beforeEach(() => {
  moves = [];
  watch = new ClusterWatch('primary', (own) => moves.push(own));
});

test('slots that stay are no news', () => {
  for (let round = 0; round < 3; round++) expect(told(primaryWith('0-99')).kind).toBe('authority');
  expect(moves).toEqual([]);
});

test('slots that went are told, single ones and ranges', () => {
  told(primaryWith('0-99'));
  told(primaryWith('0-49 51 60-99'));
  expect(owned(0, 49, 50, 51, 52, 59, 60, 99, 100)).toEqual([0, 49, 51, 60, 99]);
});

test('a slot on its way counts as gone, one that is coming does not count yet', () => {
  told(primaryWith('0-99'));
  told(primaryWith('0-99 [50->-b] [200-<-b]'));
  expect(owned(49, 50, 51, 200)).toEqual([49, 51]);
  told(primaryWith('0-99'));
  expect(owned(49, 50, 51)).toEqual([49, 50, 51]);
});

test('after a new connection, nothing that was known counts', () => {
  told(primaryWith('0-99'));
  watch.reset();
  told(primaryWith('0-49'));
  expect(moves).toEqual([]);
});

test('a replica follows the slots of its primary', () => {
  watch = new ClusterWatch('replica', (own) => moves.push(own));
  const nodes = (slots: string) =>
    [line('a', 'master', '-', slots), line('c', 'myself,slave', 'a')].join('\n');
  expect(told(nodes('0-99')).kind).toBe('authority');
  told(nodes('0-49'));
  expect(owned(49, 50)).toEqual([49]);
});

test('another role than before ends what the node vouched for', () => {
  told(primaryWith('0-99'));
  const demoted = [line('a', 'myself,slave', 'b'), line('b', 'master', '-', '0-16383')].join('\n');
  expect(told(demoted)).toEqual({ kind: 'deposed', reason: 'it is a replica now' });
});

test('a node whose cluster is not well proves nothing, but tells of its slots', () => {
  told(primaryWith('0-99'));
  expect(told(primaryWith('0-49'), 'cluster_state:fail\r\n').kind).toBe('none');
  expect(owned(49, 50)).toEqual([49]);
});

test('a read under way is not stored if its slot is gone when the reply comes, and another one is', () => {
  const observer = { flushed() {}, evicted() {}, servingChanged() {}, proofWanted() {} };
  const core = new Coherence({
    maxEntries: 10,
    maxBytes: 1_000,
    ttl: 1_000,
    maxStaleness: 1_000,
    clock: () => 0,
    observer,
  });
  const prefix = core.register('k:', { ttl: 1_000, maxEntries: undefined, cacheNil: true });
  const [lease, other]: Lease[] = [core.leases.open(), core.leases.open()];
  for (const each of [lease, other]) if (each !== undefined) core.arm(each, [prefix]);
  if (lease === undefined || other === undefined) throw new Error('No lease.');
  const gone = core.depart('k:gone', 'GET', prefix, lease);
  const stays = core.depart('k:stays', 'GET', prefix, lease);
  core.forget(lease, (key) => key === 'k:gone');
  const elsewhere = core.depart('k:gone', 'GET', prefix, other);
  expect(core.land(gone, 'GET', 'old', undefined)).toBe(false);
  expect(core.land(stays, 'GET', '1', undefined)).toBe(true);
  expect(core.land(elsewhere, 'GET', 'new', undefined)).toBe(true);
  core.forget(lease, () => true);
  expect(core.peek('k:gone', 'GET')).toBe('new');
  expect(core.peek('k:stays', 'GET')).toBeUndefined();
});

test.each<['primary' | 'replica', string, unknown, unknown]>([
  ['primary', 'no text about the cluster', { toString: OK }, primaryWith('0-99')],
  ['primary', 'nothing of its state', 'PONG', primaryWith('0-99')],
  ['primary', 'no text about its nodes', OK, [[primaryWith('0-99')]]],
  ['replica', 'nothing of itself', OK, line('b', 'master', '-', '100-16383')],
])('a %s that says %s proves nothing, and its slots stay', (role, _, info, nodes) => {
  watch = new ClusterWatch(role, (own) => moves.push(own));
  expect(watch.judge({ answers: [info, nodes], askedAt: 0 })).toMatchObject({ kind: 'nonsense' });
  expect(moves).toEqual([]);
});
