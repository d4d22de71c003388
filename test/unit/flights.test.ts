// Reads on their way, by key and by name.

import { expect, test } from 'vitest';
import { Flight, FlightTable } from '../../src/cache/flights.js';
import { Lease } from '../../src/cache/lease.js';
import { Prefix } from '../../src/cache/prefix.js';

const prefix = new Prefix('k:', { ttl: 1_000, maxEntries: undefined, cacheNil: true });
let order = 0;

function flight(id: string, others: readonly string[] = []): Flight {
  return new Flight('k:1', id, prefix, new Lease(), ++order, 0, { others });
}

function table(...flights: Flight[]): FlightTable {
  const made = new FlightTable();
  for (const each of flights) made.add(each);
  return made;
}

test('flights of one key are told apart by their names, wherever they stand', () => {
  const [get, length, type] = [flight('GET'), flight('STRLEN'), flight('TYPE')];
  for (const gone of [get, length, type]) {
    const flights = table(get, length, type);
    flights.remove(gone);
    for (const each of [get, length, type])
      expect(flights.find('k:1', each.id)).toBe(each === gone ? undefined : each);
  }
});

test('a later flight of the same name is the one to join, and an earlier one is poisoned with it', () => {
  const earlier = flight('GET');
  const later = flight('GET');
  const flights = table(earlier, later);
  expect(flights.find('k:1', 'GET')).toBe(later);
  expect(flights.poison('k:1')).toBe(true);
  expect([earlier.poisoned, later.poisoned]).toEqual([true, true]);
  expect(flights.find('k:1', 'GET')).toBeUndefined();
  expect(flights.poison('k:1')).toBe(false);
});

test('the landing of the later one leaves the earlier one to be poisoned', () => {
  const earlier = flight('GET');
  const later = flight('GET');
  const flights = table(earlier, later);
  flights.remove(later);
  flights.poison('k:1');
  expect([earlier.poisoned, later.poisoned]).toEqual([true, false]);
});

test('poisoning by a condition meets every flight of a key', () => {
  const all = [flight('GET'), flight('GET', ['k:2']), flight('TYPE')];
  const flights = table(...all);
  flights.poisonWhere(({ id }) => id === 'GET');
  expect(all.map(({ poisoned }) => poisoned)).toEqual([true, true, false]);
  expect(flights.poison('k:2')).toBe(false);
});
