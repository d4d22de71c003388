// Makes docs/commands.md from the tables of wire commands: `npm run docs:commands`. What is said here in words, the
// reasons above all, is said nowhere else; the tables themselves only name them, because they are part of the bundle.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CORE_COMMANDS } from '../src/client/commands/core.js';
import type { CachedRead, KeyPositions, UncachedReason, WireEffect } from '../src/client/commands/effects.js';
import { MODULE_COMMANDS } from '../src/client/commands/modules.js';
import { WIRE_COMMANDS } from '../src/client/wire-commands.js';

export const PAGE = fileURLToPath(new URL('commands.md', import.meta.url));

const REASONS: Readonly<Record<UncachedReason, string>> = {
  time: 'The reply changes as time goes by, without any write.',
  random: 'The reply is a different one each time, on purpose.',
  cursor: 'The reply is one step of an iteration: the next cursor means something to the server only now.',
  script: 'A script may read keys that it did not declare, the time, or a random number.',
  internals:
    'The reply is about how the server stores the value (encoding, idle time, memory, layout, consumers), which ' +
    'may change without a write that is pushed.',
  approximate:
    'The search approximates: by another graph, as each replica builds one for itself, the same question about the ' +
    'same data is answered differently.',
  access: 'It is sent for what it does to the key: it counts as an access. From memory it would not.',
  blocking:
    'It may wait for new entries, and is asked for those that are not there yet: a held reply would be the wrong one.',
  unproven:
    'The reply seems to hang on nothing but its keys, but no server that has the command was at hand to measure ' +
    'that each of its writes is pushed. It may be cached once that is measured.',
};

/** What is to be said of single commands beside their row. */
const NOTES: Readonly<Record<string, string>> = {
  MGET: 'Taken apart into its keys: each is held, and fetched, by itself.',
  PFCOUNT:
    'Of one key: the server writes what it counted into the value and pushes the key, the first time after a change ' +
    '(measured on Redis 7.0.15 and 8.0.2 and on Valkey 8.1.1). That changes no reply of `PFCOUNT`, but the first ' +
    'reply after a change is discarded by that push, and the second is held; what else was held of the key goes too. ' +
    'Of several keys nothing is written, and the first reply is held. `PFDEBUG` changes the bytes and is not pushed.',
  EXISTS: 'Also of several keys, and of one key several times.',
  EXPIRETIME:
    'The moment itself, unlike `TTL`, does not change by time passing; every change of an expiry is pushed.',
  SORT_RO:
    '`BY` and `GET` read keys that are not declared. Sorted by the elements themselves it hangs on its key alone.',
  SUNIONCARD: '`APPROX` estimates, and may estimate differently another time.',
  DIGEST: 'A hash of the value and of nothing else.',
  HLEN: 'Fields that expired but were not deleted yet are counted, as by the server.',
  SMEMBERS:
    'The server may change the order without a write, and nobody may rely on it: the same members count as the same reply.',
  VLINKS:
    'The links of a graph that only `VADD` and `VREM` change, and these push (measured on Redis 8.0.2).',
  'JSON.GET': 'Modules push the keys that they open for writing. Not measured here, for want of the module.',
  XREAD: 'Also without `BLOCK`, though then it would be possible: `XRANGE` is cached.',
  VINFO: 'Among other things it tells how many numbers the index has given to its nodes.',
  XPENDING: 'With a range it tells of idle times.',
  XINFO: 'It tells of idle times and of the layout of the stream.',
  TOUCH: 'Were it answered from memory, the key would look idle to the server and be evicted.',
  DUMP: 'The same value may be serialised in different ways, and the version is part of it.',
  'TS.READ': 'With `BLOCK` it waits.',
};

const UNKNOWN: Readonly<Record<string, string>> = {
  BLESS: 'a subcommand that is not listed',
  HIMPORT: 'a subcommand that is not listed',
  DEBUG: 'it may do anything to the server, reload its data among other things',
  PSYNC: 'replicas send it: what follows on the connection are no replies',
  REPLCONF: 'replicas send it',
  SYNC: 'replicas send it: what follows on the connection are no replies',
  'FT.DROP': 'it deletes the documents with the index',
  'FT.DROPINDEX': 'with `DD` it deletes the documents with the index',
};

type Row = readonly [name: string, effect: WireEffect];

const code = (name: string): string => `\`${name.replace('|', ' ')}\``;
const codes = (names: readonly string[]): string => [...names].sort().map(code).join(' ');
const listed = (numbers: readonly number[]): string => numbers.join(' and ');

function positions(keys: KeyPositions): string {
  if (keys === 'streams') return 'the first half of what follows `STREAMS`';
  if (keys === 'migrate') return 'argument 3, or what follows `KEYS`';
  if ('from' in keys) {
    const all = keys.step === 1 ? 'all arguments' : `every ${keys.step === 2 ? 'second' : 'third'} argument`;
    return keys.dropLast === 0 ? all : `${all} but the last`;
  }
  if ('countAt' in keys) {
    const pairs = keys.step === 2 ? ', each with its value' : '';
    return `as many as argument ${keys.countAt} says, behind it${pairs}`;
  }
  if ('after' in keys) return `argument 1, and what follows ${keys.after.map(code).join(' or ')}`;
  return `argument${keys.length > 1 ? 's' : ''} ${listed(keys)}`;
}

function conditions({ hash, unless }: CachedRead): string {
  return [
    hash ? 'where fields of hashes can expire: no longer than `maxStaleness`' : '',
    unless === undefined ? '' : `not with ${unless.map(code).join(' or ')}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}

/** Rows that say the same, with all the names that they say it of. */
function grouped(rows: readonly Row[], say: (effect: WireEffect) => string): string[] {
  const groups = new Map<string, string[]>();
  for (const [name, effect] of rows) groups.set(say(effect), [...(groups.get(say(effect)) ?? []), name]);
  return [...groups].map(([said, names]) => `| ${codes(names)} | ${said} |`);
}

function notesOn(rows: readonly Row[]): string[] {
  return rows
    .flatMap(([name]) => (NOTES[name] === undefined ? [] : [`- ${code(name)}: ${NOTES[name]}`]))
    .sort();
}

const ofKind = (table: Readonly<Record<string, WireEffect>>, kind: WireEffect['kind']): Row[] =>
  Object.entries(table).filter(([, effect]) => effect.kind === kind);

function cachedSection(title: string, table: Readonly<Record<string, WireEffect>>): string[] {
  const rows = ofKind(table, 'read').filter(
    ([, effect]) => effect.kind === 'read' && effect.cached !== undefined,
  );
  const say = (effect: WireEffect): string =>
    effect.kind === 'read' ? `${positions(effect.keys)} | ${conditions(effect.cached ?? {})}` : '';
  return [
    `### ${title}`,
    '',
    '| commands | keys | conditions |',
    '| --- | --- | --- |',
    ...grouped(rows, say),
    '',
  ];
}

function reasonSection(reason: UncachedReason): string[] {
  const rows = ofKind(WIRE_COMMANDS, 'read').filter(
    ([, effect]) => effect.kind === 'read' && effect.uncached === reason,
  );
  const say = (effect: WireEffect): string => (effect.kind === 'read' ? positions(effect.keys) : '');
  const notes = notesOn(rows);
  return [
    `### ${reason}`,
    '',
    REASONS[reason],
    '',
    '| commands | keys |',
    '| --- | --- |',
    ...grouped(rows, say),
    '',
    ...(notes.length > 0 ? [...notes, ''] : []),
  ];
}

function writeSection(title: string, table: Readonly<Record<string, WireEffect>>): string[] {
  const say = (effect: WireEffect): string => (effect.kind === 'write' ? positions(effect.keys) : '');
  return [
    `### ${title}`,
    '',
    '| commands | keys |',
    '| --- | --- |',
    ...grouped(ofKind(table, 'write'), say),
    '',
  ];
}

interface Metadata {
  readonly subcommands?: Readonly<Record<string, Metadata>>;
}

/** Reads that are not cached here, but would be by the table of Redis 8.10 that node-redis 6 brings along. */
function deemedCacheable(): string[] {
  const require = createRequire(import.meta.url);
  const metadata = '@redis/client/dist/lib/command-metadata';
  const { COMMAND_METADATA } = require(`${metadata}/command-metadata-data`) as {
    COMMAND_METADATA: Readonly<Record<string, Readonly<Record<string, Metadata>>>>;
  };
  const { isCacheable } = require(`${metadata}/predicates`) as {
    isCacheable(command: Metadata | undefined): boolean;
  };
  const uncachedReads = ofKind(WIRE_COMMANDS, 'read').filter(
    ([, effect]) => effect.kind === 'read' && effect.uncached !== undefined,
  );
  return uncachedReads.flatMap(([name]) => {
    const [first = '', subcommand] = name.toLowerCase().split('|');
    const [module = '', command = ''] = first.includes('.') ? first.split('.') : ['std', first];
    const row = COMMAND_METADATA[module]?.[command];
    const rows =
      subcommand === undefined
        ? [row, ...Object.values(row?.subcommands ?? {})]
        : [row?.subcommands?.[subcommand]];
    return rows.some((each) => isCacheable(each)) ? [name] : [];
  });
}

const names = (kind: WireEffect['kind'], table = WIRE_COMMANDS): string =>
  codes(ofKind(table, kind).map(([name]) => name));

/** The whole page. @throws Error if a command raises a barrier without a reason, or a note is about none */
export function commandsPage(): string {
  const unknown = ofKind(WIRE_COMMANDS, 'unknown').map(([name]) => {
    if (UNKNOWN[name] === undefined) throw new Error(`No reason why ${name} raises a barrier.`);
    return `| ${code(name)} | ${UNKNOWN[name]} |`;
  });
  for (const name of [...Object.keys(NOTES), ...Object.keys(UNKNOWN)]) {
    if (WIRE_COMMANDS[name] === undefined) throw new Error(`A note on ${name}, which is not in the table.`);
  }
  const cachedNotes = notesOn(
    ofKind(WIRE_COMMANDS, 'read').filter(
      ([, effect]) => effect.kind === 'read' && effect.cached !== undefined,
    ),
  );
  return `${[
    '<!-- Made by `npm run docs:commands` from src/client/commands/. Changes by hand are lost. -->',
    '',
    '# What every command does to the cache',
    '',
    'Commands are judged by what goes on the wire, so this holds for node-redis 4, 5 and 6 alike. Every command that these',
    'have a method for is listed, those of the modules included. The list is checked against the clients by',
    '`test/unit/client-commands.test.ts`, and against the server that is running by `test/integration/commands/wire-table.test.ts` (`COMMAND`, `COMMAND DOCS`, `COMMAND GETKEYS`) and',
    '`test/integration/commands/pushed-changes.test.ts` (no sample write changes a reply that is cached without a push).',
    '',
    'Arguments are counted as on the wire: the name is argument 0.',
    '',
    '## Cached reads',
    '',
    'Their reply changes solely by a write to their keys (rule [C15](coherence.md#c15-determinism)). A reply to several',
    'keys hangs on each of them.',
    '',
    ...cachedSection('Of the server', CORE_COMMANDS),
    ...cachedSection('Of modules', MODULE_COMMANDS),
    ...cachedNotes,
    '',
    '## Reads that are not cached',
    '',
    'They go to Redis every time, and tell the cache that something newer may have been seen of their keys.',
    '',
    'By the table of Redis 8.10 that node-redis 6 brings along for its own cache, some of them could be cached. Here they',
    `are not, each for the reason that it stands under: ${codes(deemedCacheable())}. Nothing is cached here that could not be`,
    'by that table.',
    '',
    ...(Object.keys(REASONS) as UncachedReason[]).flatMap(reasonSection),
    '## Writes',
    '',
    'Their keys are dropped before they are sent and when they were answered (rule [C4](coherence.md#c4-own-writes)).',
    'Sources that a write only reads are not listed. Without any key, as a script may be, they raise a barrier. `SORT` and',
    '`GEORADIUS` drop their source even without `STORE`; their forms with `_RO` are reads.',
    '',
    ...writeSection('Of the server', CORE_COMMANDS),
    ...writeSection('Of modules', MODULE_COMMANDS),
    '## What drops everything',
    '',
    'Every key changes, or means another one afterwards (rule [C14](coherence.md#c14-connection-state)).',
    '',
    names('flush'),
    '',
    '## Optimistic locking, and transactions sent by hand',
    '',
    `Reads bypass from ${names('hold')} until ${names('release')} (rule [C11](coherence.md#c11-watch)).`,
    '',
    '## Neutral',
    '',
    'They change no key that could be held. What some of these tell, of documents found by a search or of the names of',
    'keys, is tied to no key: it may be newer than what is held.',
    '',
    `- of the server: ${names('neutral', CORE_COMMANDS)}`,
    `- of modules: ${names('neutral', MODULE_COMMANDS)}`,
    '',
    '## What raises a barrier',
    '',
    'Keys may change that can’t be known: reads bypass until it is proven that the changes were pushed (rule',
    '[C4](coherence.md#c4-own-writes)). So does everything that is not on this page.',
    '',
    '| command | reason |',
    '| --- | --- |',
    ...unknown,
  ].join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, commandsPage());
