// node-redis makes a class of some hundred methods for each set of options, and keeps the last one.

import * as v6 from '@redis/client';
import { expect, test } from 'vitest';
import { kindOf, wrap } from '../../support/majors.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();
// Of another copy of node-redis than the tracking connection.
const kind = kindOf('v5');

function classOf(client: object): unknown {
  // The client itself inherits from an object of its class.
  return Object.getPrototypeOf(Object.getPrototypeOf(client));
}

test('opening a tracking connection does not make node-redis build its class of clients anew', async () => {
  const another = () => v6.createClient({ name: 'another' });
  const connected = async () => {
    const redis = wrap(kind.create(server.url), { prefixes: ['k:'] });
    await redis.connect();
    await redis.near.ready();
    return redis;
  };
  await using _first = await connected();
  const before = another();
  expect(classOf(another())).toBe(classOf(before));
  await using _second = await connected();
  expect(classOf(another())).toBe(classOf(before));
});
