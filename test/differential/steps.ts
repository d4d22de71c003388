// A sequence: what the wrapped client, its neighbour in the process and a second process do, and when one waits.

import fc from 'fast-check';
import { type Command, READS, READS_OF, type Type, WRITES, WRITES_OF } from './commands.js';

const MAX_READS = 4;

/** How the wrapped client sends a read. */
export type ReadWay = 'typed' | 'bytes' | 'raw' | 'transaction' | 'pipeline';
/** How the wrapped client sends a write, or several. */
export type WriteWay = 'typed' | 'raw' | 'small raw' | 'exec' | 'EXEC' | 'exec(true)' | 'execAsPipeline';

export type Step =
  | { readonly kind: 'read'; readonly way: ReadWay; readonly command: Command; readonly awaited: boolean }
  | {
      readonly kind: 'write';
      readonly way: WriteWay;
      readonly commands: readonly Command[];
      readonly awaited: boolean;
    }
  /** Somebody else writes: a client of this process that is not wrapped, or a second process. */
  | {
      readonly kind: 'foreign write';
      readonly by: 'neighbour' | 'process';
      readonly commands: readonly Command[];
      readonly awaited: boolean;
    }
  /** Waits for every reply under way. */
  | { readonly kind: 'wait' }
  /** Lets the event loop turn once. */
  | { readonly kind: 'turn' }
  /** Waits until everything was written and announced: from then on nothing older may be served. */
  | { readonly kind: 'settle' }
  /** Invalidations are held on the wire, or arrive again. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'release' };

/** Steps that know their reads by number only. */
type Draft =
  | Exclude<Step, { kind: 'read' }>
  | { kind: 'read'; way: ReadWay; which: number; awaited: boolean };

const read: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constant('read' as const),
  way: fc.oneof(
    { weight: 12, arbitrary: fc.constant<ReadWay>('typed') },
    { weight: 2, arbitrary: fc.constant<ReadWay>('bytes') },
    { weight: 1, arbitrary: fc.constantFrom<ReadWay[]>('raw', 'transaction', 'pipeline') },
  ),
  which: fc.nat(MAX_READS - 1),
  awaited: fc.boolean(),
});

function draftOf(writes: fc.Arbitrary<Command>): fc.Arbitrary<Draft> {
  const single = writes.map((command) => [command]);
  const several = fc.array(writes, { minLength: 1, maxLength: 3 });
  const write = fc.record({
    kind: fc.constant('write' as const),
    way: fc.constantFrom<WriteWay[]>('typed', 'typed', 'typed', 'raw', 'small raw'),
    commands: single,
    awaited: fc.boolean(),
  });
  const transaction = fc.record({
    kind: fc.constant('write' as const),
    way: fc.constantFrom<WriteWay[]>('exec', 'EXEC', 'exec(true)', 'execAsPipeline'),
    commands: several,
    awaited: fc.boolean(),
  });
  const foreignWrite = fc.record({
    kind: fc.constant('foreign write' as const),
    by: fc.constantFrom('neighbour' as const, 'process' as const),
    commands: fc.oneof({ weight: 3, arbitrary: single }, { weight: 1, arbitrary: several }),
    awaited: fc.boolean(),
  });
  return fc.oneof(
    { weight: 14, arbitrary: read },
    { weight: 3, arbitrary: write },
    { weight: 1, arbitrary: transaction },
    { weight: 4, arbitrary: foreignWrite },
    { weight: 2, arbitrary: fc.constant<Draft>({ kind: 'wait' }) },
    { weight: 2, arbitrary: fc.constant<Draft>({ kind: 'turn' }) },
    { weight: 1, arbitrary: fc.constant<Draft>({ kind: 'settle' }) },
    { weight: 1, arbitrary: fc.constant<Draft>({ kind: 'hold' }) },
    { weight: 1, arbitrary: fc.constant<Draft>({ kind: 'release' }) },
  );
}

/** Mostly about one type of value, with a few reads that come again and again: a cache is wrong only the second time. */
function sequencesAbout(type: Type): fc.Arbitrary<Step[]> {
  const reads = fc.oneof({ weight: 8, arbitrary: READS_OF[type] }, { weight: 1, arbitrary: READS });
  const writes = fc.oneof({ weight: 4, arbitrary: WRITES_OF[type] }, { weight: 1, arbitrary: WRITES });
  return fc
    .tuple(
      fc.array(reads, { minLength: 1, maxLength: MAX_READS, size: 'max' }),
      fc.array(draftOf(writes), { minLength: 1, maxLength: 40, size: 'max' }),
    )
    .map(([commands, drafts]) =>
      drafts.flatMap((draft): Step[] => {
        if (draft.kind !== 'read') return [draft];
        const command = commands[draft.which % commands.length];
        return command === undefined ? [] : [{ ...draft, command }];
      }),
    );
}

const TYPES: readonly Type[] = ['string', 'hash', 'list', 'set', 'sortedSet'];

export const SEQUENCES: fc.Arbitrary<Step[]> = fc.constantFrom(...TYPES).chain(sequencesAbout);

/** One line, for counterexamples. */
export function describeStep(each: Step): string {
  const words = (command: Command): string => command.wire.join(' ');
  switch (each.kind) {
    case 'read':
      return `read (${each.way}${then(each)}): ${each.command.method}: ${words(each.command)}`;
    case 'write':
      return `write (${each.way}${then(each)}): ${each.commands.map(words).join('; ')}`;
    case 'foreign write':
      return `${each.by} writes (${each.awaited ? 'awaited' : 'not awaited'}): ${each.commands.map(words).join('; ')}`;
    default:
      return each.kind;
  }
}

function then({ awaited }: { readonly awaited: boolean }): string {
  return awaited ? ', awaited' : '';
}
