// The guards that `npm run test:rules` takes out are still where it looks for them: that run is long and not part of
// `npm test`, so nobody would notice for a while that a guard has moved.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Mutation {
  readonly what: string;
  readonly file: string;
  readonly find: string;
}

const { MUTATIONS } = (await import(new URL('../rules/mutations.mjs', import.meta.url).href)) as {
  readonly MUTATIONS: readonly Mutation[];
};
const SOURCES = new URL('../../src/', import.meta.url);

test.each(MUTATIONS)('$what: the guard is in $file, once', ({ file, find }) => {
  const source = readFileSync(fileURLToPath(new URL(file, SOURCES)), 'utf8');
  expect(source.split(find)).toHaveLength(2);
});
