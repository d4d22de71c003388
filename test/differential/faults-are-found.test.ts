// The differential finds what it is there for: caches that are wrong in one way each, and finds them again by the line
// that it prints.

import { describe, expect, test } from 'vitest';
import { kindOf } from '../support/majors.js';
import { BROKEN } from './broken.js';
import { differential, report } from './differential.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const ENOUGH = 3_000;

describe.each(['v4', 'v6'])('%s', (name) => {
  const kind = kindOf(name);

  test.each(Object.entries(BROKEN))(
    `%s (SEED=${seed})`,
    async (_, subject) => {
      const { failure } = await differential({ kind, seed, sequences: ENOUGH, subject, unshrunk: true });
      expect(failure, `no fault in ${ENOUGH} sequences`).toBeDefined();
    },
    90_000,
  );

  test(`a failure is shrunk, and its line plays the same sequence to the same end (SEED=${seed})`, async () => {
    const subject = BROKEN['a map that is never invalidated'];
    if (subject === undefined) throw new Error('No such cache.');
    const found = (await differential({ kind, seed, sequences: ENOUGH, subject })).failure;
    if (found === undefined) throw new Error(`No fault in ${ENOUGH} sequences.`);
    expect(found.steps.length).toBeLessThan(10);
    expect(report(found)).toContain(`SEED=${seed} SHRUNK=${found.path} MAJOR=${name} npm run test:deep`);
    const { failure } = await differential({
      kind,
      seed: found.seed,
      path: found.path,
      sequences: 1,
      subject,
    });
    expect(failure?.steps).toEqual(found.steps);
    expect(failure?.verdict).toBe(found.verdict);
  }, 90_000);
});
