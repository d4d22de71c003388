// The table of wire commands against the clients: every command that node-redis 4, 5 and 6 has a method for, modules
// included, is in it, with the keys that the client marks. And against what node-redis 6 says of all commands of Redis.

import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { effectOf, rowOf } from '../../src/client/effect.js';
import { WIRE_COMMANDS, type WireEffect } from '../../src/client/wire-commands.js';
import { CLIENTS, type ClientCommand, commandsOf } from '../support/client-commands.js';

/** What the clients mark as keys for the sake of a cluster's slots, though it is none that anything hangs on. */
const MARKED_ONLY_FOR_ITS_SLOT = ['CLUSTER KEYSLOT', 'SPUBLISH'];
/** Writes whose sources are marked too, behind the one key that they change. */
const ONLY_ITS_DESTINATION =
  /^(BITOP|PFMERGE|[SZ](DIFF|INTER|RANGE|UNION)STORE|GEOSEARCHSTORE|TDIGEST\.MERGE)$/;
/** Where 5 and 6 mark no keys, or what they put on the wire could not be found out to the end. */
const UNMARKED = ['APPEND', 'FT.SUGLEN', 'MIGRATE', 'RESTORE-ASKING'];
/** What clients send by other means than a method that a transaction has too. */
const OTHERWISE =
  `AUTH CLIENT DISCARD EXEC HELLO MONITOR MULTI PING PSUBSCRIBE PUNSUBSCRIBE QUIT READONLY RESET
  SELECT SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE UNSUBSCRIBE UNWATCH WATCH`.split(/\s+/);

const kindOf = (wire: readonly string[]): string | undefined => rowOf(wire)?.kind;
const text = ({ method, wire }: ClientCommand): string => `${method}: ${wire.join(' ')}`;
/** Both spellings of a method send the same. */
const once = (commands: readonly ClientCommand[]): readonly ClientCommand[] => [
  ...new Map(commands.map((command) => [command.wire.join(' '), command])).values(),
];

/** Of these the commands say themselves which arguments are keys. */
const MARKING = CLIENTS.filter((client) => !client.endsWith('v4'));

describe.each(CLIENTS)('%s:', (client) => {
  const commands = once(commandsOf(client));

  test('every command is in the table', () => {
    expect(commands.length).toBeGreaterThan(300);
    expect(commands.filter(({ wire }) => rowOf(wire) === undefined).map(text)).toEqual([]);
  });
});

describe.each(MARKING)('%s:', (client) => {
  const commands = once(commandsOf(client));

  test('the keys that it marks are those of the table', () => {
    const differing = commands.filter(({ wire, keys = [] }) => {
      if (MARKED_ONLY_FOR_ITS_SLOT.some((name) => wire.join(' ').startsWith(name))) return false;
      const { keys: written, observes } = effectOf(wire);
      const found = kindOf(wire) === 'write' ? written : observes;
      const expected = ONLY_ITS_DESTINATION.test(wire[0] ?? '') ? keys.slice(0, 1) : keys;
      // What is a key though it bears no mark stands behind those that do: SORT ... STORE.
      return keys.length > 0 && found.slice(0, expected.length).join() !== expected.join();
    });
    expect(differing.map(text)).toEqual([]);
  });

  test('it marks keys for whatever reads or writes some', () => {
    const unmarked = commands.filter(
      ({ wire, keys }) => keys === undefined && ['read', 'write'].includes(kindOf(wire) ?? ''),
    );
    const names = unmarked.map(({ wire: [name = ''] }) => name);
    expect(names.filter((name) => !UNMARKED.includes(name))).toEqual([]);
  });
});

test('what clients send without a method of that name is in the table', () => {
  expect(OTHERWISE.filter((name) => rowOf([name]) === undefined)).toEqual([]);
});

test('every read is either cached or has a reason why not', () => {
  const both = Object.entries(WIRE_COMMANDS).filter(
    ([, row]) => row.kind === 'read' && (row.cached === undefined) === (row.uncached === undefined),
  );
  expect(both.map(([name]) => name)).toEqual([]);
});

interface Metadata {
  readonly flags?: readonly string[];
  readonly tips?: readonly string[];
  readonly isKeyless?: boolean;
  readonly subcommands?: Readonly<Record<string, Metadata>>;
}

describe('what node-redis 6 says of the commands of Redis 8.10:', () => {
  const require = createRequire(import.meta.url);
  const { isCacheable } = require('@redis/client/dist/lib/command-metadata/predicates') as {
    isCacheable(metadata: Metadata, override: undefined): boolean;
  };
  const { COMMAND_METADATA } = require('@redis/client/dist/lib/command-metadata/command-metadata-data') as {
    COMMAND_METADATA: Record<string, Record<string, Metadata>>;
  };
  const described = Object.entries(COMMAND_METADATA).flatMap(([module, commands]) =>
    Object.entries(commands).flatMap(([command, metadata]) => {
      const name = (module === 'std' ? command : `${module}.${command}`).toUpperCase();
      const subcommands = Object.entries(metadata.subcommands ?? {});
      if (subcommands.length === 0) return [{ wire: [name], metadata }];
      return subcommands.map(([subcommand, each]) => ({
        wire: [name, subcommand.toUpperCase()],
        metadata: each,
      }));
    }),
  );
  const wrong = (isWrong: (metadata: Metadata, row: WireEffect, name: string) => boolean): string[] =>
    described.flatMap(({ wire, metadata }) => {
      const row = rowOf(wire);
      const name = wire.join(' ');
      return row !== undefined && isWrong(metadata, row, name) ? [`${name}: ${row.kind}`] : [];
    });

  test('each of them is in the table', () => {
    expect(described.length).toBeGreaterThan(400);
    expect(
      described.filter(({ wire }) => rowOf(wire) === undefined).map(({ wire }) => wire.join(' ')),
    ).toEqual([]);
  });

  test('what writes is taken for a write', () => {
    // Of functions and of the search index, which are no keys.
    const missed = wrong(
      ({ flags }, { kind }, name) =>
        flags?.includes('write') === true &&
        /^(FUNCTION|FT\.)/.test(name) === false &&
        /read|neutral/.test(kind),
    );
    expect(missed).toEqual([]);
  });

  test('what only reads is not taken for a write', () => {
    // Which of these the server itself says that it writes: https://redis.io/docs/latest/commands/cf.compact/
    const needless = wrong(
      ({ flags }, { kind }, name) =>
        flags?.includes('readonly') === true && /write|flush/.test(kind) && name !== 'CF.COMPACT',
    );
    expect(needless).toEqual([]);
  });

  test('nothing is cached that it deems uncacheable', () => {
    const rash = wrong(
      (metadata, row) => row.kind === 'read' && row.cached !== undefined && !isCacheable(metadata, undefined),
    );
    expect(rash).toEqual([]);
  });
});
