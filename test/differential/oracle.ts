// Decides whether every reply was true at some moment of its allowed window. The truth is the server's own order of
// execution, executed once more on an empty server, with every read asked after every write that concerns it.
//
// The window of a read, in versions (how many writes had been executed):
// - up to the last write that was sent before the reply came;
// - from the last write of its keys that the wrapped client had sent (over many connections: had been told of), (c);
// - from what a read that was answered before it began has shown of its keys, (d);
// - from what had been announced to the cache when the sequence last settled, (a);
// - from what had been superseded for longer than `maxStaleness`, (b).

import { isDeepStrictEqual } from 'node:util';
import type { Command } from './commands.js';
import type { History, ReadEvent, WriteEvent, Writer } from './history.js';
import type { Executed } from './monitor.js';

/** A write as executed: its place in the server's order is its version. */
interface Version {
  readonly command: Command;
  readonly by: Writer;
  /** Not executed before this place in the order of this process' events. */
  readonly notBefore: number;
}

/** Asks the truth: executes writes on an empty server, one by one, and reads between them. */
export interface Replay {
  write(wire: readonly string[]): void;
  read(read: ReadEvent): Promise<unknown>;
}

export interface Verdict {
  readonly read: ReadEvent;
  readonly from: number;
  readonly to: number;
  readonly why: string;
  /** Values that it would have been allowed to have, by version. */
  readonly truth: readonly (readonly [version: number, value: unknown])[];
}

export interface OracleOptions {
  readonly maxStaleness: number;
  /** Commands are executed in the order they were sent. */
  readonly ordered: boolean;
  /** Who sent a command, by the address that the server saw. */
  writerOf(address: string): Writer;
}

interface Group {
  readonly events: readonly WriteEvent[];
  readonly versions: readonly number[];
}

/** @returns the first reply that never was true when it might have been; `undefined` if all were */
export async function judge(
  history: History,
  executed: readonly Executed[],
  replay: Replay,
  options: OracleOptions,
): Promise<Verdict | undefined> {
  const groups = groupsOf(history, executed, options);
  const versions = versionsOf(executed, groups, options);
  const truth = await truthOf(history, versions, replay);
  /** Keys and, for each, the version at which this process is known to have been. */
  const shown: { readonly answered: number; readonly key: string; readonly version: number }[] = [];
  for (const read of [...history.reads].sort((a, b) => a.started - b.started)) {
    const keys = read.command.keys === 'all' ? [] : read.command.keys;
    const bounds = [
      ...ownWrites(read, groups, options.ordered),
      ...superseded(read, groups, options.maxStaleness),
      ...settled(read, history, versions),
      ...shown.flatMap(({ answered, key, version }) =>
        answered < read.started ? [{ keys: [key], version, why: 'what was read before' }] : [],
      ),
    ].filter((bound) => bound.keys === 'all' || bound.keys.some((key) => keys.includes(key)));
    const lowest = bounds.reduce((highest, bound) => (bound.version > highest.version ? bound : highest), {
      keys,
      version: 0,
      why: 'the beginning',
    });
    const to = versions.findLastIndex(({ notBefore }) => notBefore < read.answered) + 1;
    const values = truth.get(nameOf(read)) ?? [];
    const found = values.findIndex(([since, value], index) => {
      const until = (values[index + 1]?.[0] ?? versions.length + 1) - 1;
      return until >= lowest.version && since <= to && equal(read, value);
    });
    if (found < 0) {
      const allowed = values.filter(
        ([since], index) =>
          since <= to && (values[index + 1]?.[0] ?? Number.POSITIVE_INFINITY) > lowest.version,
      );
      return { read, from: lowest.version, to, why: lowest.why, truth: allowed };
    }
    const version = Math.max(values[found]?.[0] ?? 0, lowest.version);
    for (const key of keys)
      shown.push({ answered: read.answered, key, version: lastWriteOf(key, version, versions) });
  }
  return undefined;
}

/** Writes that look alike can't be told apart: the first that was sent is taken for the first that was executed. */
function groupsOf(
  history: History,
  executed: readonly Executed[],
  { writerOf }: OracleOptions,
): ReadonlyMap<string, Group> {
  const groups = new Map<string, { events: WriteEvent[]; versions: number[] }>();
  const groupOf = (by: Writer, wire: readonly string[]) => {
    const name = JSON.stringify([by, wire]);
    const group = groups.get(name) ?? { events: [], versions: [] };
    groups.set(name, group);
    return group;
  };
  for (const event of history.writes) groupOf(event.by, event.command.wire).events.push(event);
  for (const [index, { by, wire }] of executed.entries())
    groupOf(writerOf(by), wire).versions.push(index + 1);
  for (const [name, { events, versions }] of groups) {
    const answered = events.filter((event) => event.answered < Number.POSITIVE_INFINITY).length;
    if (versions.length < answered || versions.length > events.length) {
      throw new Error(
        `The oracle lost track of ${name}: ${events.length} sent, ${versions.length} executed.`,
      );
    }
  }
  return groups;
}

function versionsOf(
  executed: readonly Executed[],
  groups: ReadonlyMap<string, Group>,
  { writerOf }: OracleOptions,
): readonly Version[] {
  const versions: Version[] = [];
  for (const [index, { by, wire }] of executed.entries()) {
    const writer = writerOf(by);
    const group = groups.get(JSON.stringify([writer, wire]));
    const event = group?.events[group.versions.indexOf(index + 1)];
    if (event === undefined) throw new Error(`The oracle does not know who sent ${wire.join(' ')}.`);
    versions.push({ command: event.command, by: writer, notBefore: event.started });
  }
  return versions;
}

/** The values of every read of the sequence, each with the version from which on it was true. */
async function truthOf(
  history: History,
  versions: readonly Version[],
  replay: Replay,
): Promise<ReadonlyMap<string, readonly (readonly [number, unknown])[]>> {
  const reads = new Map(history.reads.map((read) => [nameOf(read), read]));
  const truth = new Map<string, Promise<readonly [number, unknown]>[]>();
  const ask = (name: string, read: ReadEvent, version: number): void => {
    const values = truth.get(name) ?? [];
    truth.set(name, values);
    values.push(replay.read(read).then((value) => [version, value]));
  };
  for (const [name, read] of reads) ask(name, read, 0);
  for (const [index, { command }] of versions.entries()) {
    replay.write(command.wire);
    for (const [name, read] of reads) if (concerns(command, read.command)) ask(name, read, index + 1);
  }
  const settledTruth = [...truth].map(async ([name, values]) => [name, await Promise.all(values)] as const);
  return new Map(await Promise.all(settledTruth));
}

interface Bound {
  readonly keys: readonly string[] | 'all';
  readonly version: number;
  readonly why: string;
}

/** The n-th of equal writes that were executed, where n of them are known to have been. */
function bounds(
  groups: ReadonlyMap<string, Group>,
  known: (event: WriteEvent) => boolean,
  why: string,
): Bound[] {
  return [...groups.values()].flatMap(({ events, versions }) => {
    const version = versions[events.filter(known).length - 1];
    const keys = events[0]?.command.keys;
    return version === undefined || keys === undefined ? [] : [{ keys, version, why }];
  });
}

function ownWrites(read: ReadEvent, groups: ReadonlyMap<string, Group>, ordered: boolean): Bound[] {
  const known = ({ by, started, answered }: WriteEvent): boolean =>
    by === 'wrapped' && (ordered ? started : answered) < read.started;
  return bounds(groups, known, 'an own write');
}

function superseded(read: ReadEvent, groups: ReadonlyMap<string, Group>, maxStaleness: number): Bound[] {
  const known = ({ answeredAt }: WriteEvent): boolean => answeredAt < read.startedAt - maxStaleness;
  return bounds(groups, known, `a write more than ${maxStaleness} ms ago`);
}

function settled(read: ReadEvent, history: History, versions: readonly Version[]): Bound[] {
  const last = history.settles.findLast(({ known }) => known < read.started);
  if (last === undefined) return [];
  const index = versions.findIndex(({ command }) => command.wire[2] === last.marker);
  return [{ keys: 'all', version: index + 1, why: 'what had been announced' }];
}

function lastWriteOf(key: string, version: number, versions: readonly Version[]): number {
  return versions.findLastIndex(({ command }, index) => index < version && touches(command, key)) + 1;
}

function touches({ keys }: Command, key: string): boolean {
  return keys === 'all' || keys.includes(key);
}

function concerns(write: Command, read: Command): boolean {
  return read.keys === 'all' || read.keys.some((key) => touches(write, key));
}

/** Equal reads have equal names. */
function nameOf({ way, command }: ReadEvent): string {
  return `${way} ${command.method} ${JSON.stringify(command.args)}`;
}

function equal({ reply, command }: ReadEvent, value: unknown): boolean {
  return isDeepStrictEqual(comparable(reply, command), comparable(value, command));
}

function comparable(reply: unknown, { unordered }: Command): unknown {
  if (unordered !== true || !Array.isArray(reply)) return reply;
  // In a transaction the reply is the only one of several.
  if (reply.length === 1 && Array.isArray(reply[0])) return [[...reply[0]].sort(byText)];
  return [...reply].sort(byText);
}

function byText(a: unknown, b: unknown): number {
  return String(a).localeCompare(String(b));
}
