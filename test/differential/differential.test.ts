// Random sequences of reads and writes by three parties: every reply of the wrapped client was true at some moment
// when it may have been. `npm run test:deep` plays many more of them.

import { expect, test } from 'vitest';
import { byName, KINDS } from '../support/majors.js';
import { differential, report } from './differential.js';
import { bare } from './subject.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** The majors that most programs use get most of the time. */
const manyOf = (name: string): number => (name === 'v4' || name === 'v6' ? 250 : 100);

test.each(byName(KINDS))(
  `every reply of a wrapped client is true, %s (SEED=${seed})`,
  async (name, kind) => {
    const { tally, failure } = await differential({ kind, seed, sequences: manyOf(name) });
    if (failure !== undefined) expect.fail(report(failure));
    expect(tally.sequences).toBe(manyOf(name));
    expect(tally.hits / tally.reads, 'what of the replies came from memory').toBeGreaterThan(0.1);
  },
  60_000,
);

test.each(byName(KINDS))(
  `the oracle finds the bare client true, %s (SEED=${seed})`,
  async (_, kind) => {
    const { failure } = await differential({ kind, seed, sequences: 50, subject: bare });
    if (failure !== undefined) expect.fail(report(failure));
  },
  60_000,
);
