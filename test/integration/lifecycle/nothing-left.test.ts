// A near cache that was closed leaves nothing behind: no socket, no timer, no listener, no memory.

import { describe, test } from 'vitest';
import { byName, KINDS } from '../../support/majors.js';
import { useServer } from '../../support/use-server.js';
import { type Cycling, cycled, expectNothing } from './cycles.js';

const server = await useServer();

const NAMES = ['v4', 'v5', 'v6'];

describe.each(byName(KINDS.filter(({ name, pool }) => pool || NAMES.includes(name))))('%s', (_, kind) => {
  const cycles = kind.pool ? 100 : 1_000;

  test(`${cycles} times wrap, connect, read and close, in every way`, async () => {
    const cycling: Cycling = {
      create: () => kind.create(server.url),
      closing: [...kind.closing, 'dispose'],
      servers: [server],
    };
    expectNothing(await cycled(cycling, cycles), kind.pool ? 'few' : 'many');
  }, 120_000);
});
