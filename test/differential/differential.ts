// Random sequences against the oracle, for one kind of client: what `npm test` does some of and `npm run test:deep`
// many.

import fc from 'fast-check';
import type { Kind } from '../support/majors.js';
import { Arena, type Tally } from './arena.js';
import type { Verdict } from './oracle.js';
import { describeStep, SEQUENCES, type Step } from './steps.js';
import { type MakeSubject, wrapped } from './subject.js';

export interface DifferentialOptions {
  readonly kind: Kind;
  readonly sequences: number;
  readonly seed: number;
  /** Of a failure seen before: plays that sequence alone, again and again if it is a race. */
  readonly path?: string | undefined;
  readonly subject?: MakeSubject;
  /** Leaves a failure as it was found. */
  readonly unshrunk?: boolean;
  readonly progress?: (tally: Tally) => void;
}

export interface Failure {
  readonly seed: number;
  readonly path: string;
  readonly steps: readonly Step[];
  readonly verdict: string;
  /** The line that plays it again. */
  readonly reproduction: string;
}

export interface Outcome {
  readonly tally: Tally;
  readonly failure: Failure | undefined;
}

/** How often a sequence that failed before is played to fail again. */
const REPETITIONS = 200;

export async function differential(options: DifferentialOptions): Promise<Outcome> {
  const { kind, sequences, seed, path, progress } = options;
  const arena = await Arena.open(kind, options.subject ?? wrapped);
  try {
    const property = fc.asyncProperty(SEQUENCES, async (steps) => {
      for (let round = 0; round < (path === undefined ? 1 : REPETITIONS); round++) {
        const verdict = await arena.play(steps);
        if (verdict !== undefined) throw new Error(explain(verdict));
      }
      progress?.(arena.tally);
    });
    const again = path === undefined ? { numRuns: sequences } : { path, numRuns: 1 };
    const endOnFailure = path !== undefined || options.unshrunk === true;
    const result = await fc.check(property, { seed, ...again, endOnFailure });
    return { tally: arena.tally, failure: failureOf(result, kind) };
  } finally {
    await arena.close();
  }
}

function failureOf(result: fc.RunDetails<[Step[]]>, kind: Kind): Failure | undefined {
  if (!result.failed) return undefined;
  const { seed, counterexamplePath, counterexample, errorInstance } = result;
  const path = counterexamplePath ?? '';
  const name = kind.name.includes(' ') ? `'${kind.name}'` : kind.name;
  return {
    seed,
    path,
    steps: counterexample?.[0] ?? [],
    verdict: errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
    reproduction: `SEED=${seed} SHRUNK=${path} MAJOR=${name} npm run test:deep`,
  };
}

/** A failure in words, with the line that plays it again. */
export function report({ steps, verdict, reproduction }: Failure): string {
  const lines = steps.map((step, index) => `  ${index + 1}. ${describeStep(step)}`);
  return [`A reply was not true when it might have been.`, ...lines, verdict, `Again: ${reproduction}`].join(
    '\n',
  );
}

function explain({ read, from, to, why, truth }: Verdict): string {
  const values = truth.map(([version, value]) => `    version ${version}: ${inspect(value)}`);
  return [
    `${read.command.wire.join(' ')} (${read.way}) was answered ${inspect(read.reply)}.`,
    `It may be of versions ${from} (because of ${why}) to ${to}:`,
    ...values,
  ].join('\n');
}

function inspect(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
