// Turns commands as they go on the wire into what they do to the cache.

import { ONE } from './commands/effects.js';
import { heldName } from './keys.js';
import { type CachedRead, type KeyPositions, WIRE_COMMANDS, type WireEffect } from './wire-commands.js';

/** A command as node-redis puts it on the wire: name and arguments, strings or bytes. */
export type WireCommand = readonly unknown[];

/** What a command, or a transaction of several, does to the cache. */
export interface Effect {
  /** Names under which changed keys may be held. */
  readonly keys: readonly string[];
  /** Names of keys whose state its reply tells of. */
  readonly observes: readonly string[];
  /** Every key may change, or mean another one afterwards. */
  readonly flush: boolean;
  /** The connection has another database or user afterwards, which connections to replicas have not. */
  readonly stray: boolean;
  /** Keys may change that can't be known. */
  readonly unknown: boolean;
  readonly hold: boolean;
  readonly release: boolean;
}

export const NO_EFFECT: Effect = {
  keys: [],
  observes: [],
  flush: false,
  stray: false,
  unknown: false,
  hold: false,
  release: false,
};
export const UNKNOWN: Effect = { ...NO_EFFECT, unknown: true };

/** Commands some of whose subcommands have a row of their own. */
const CONTAINERS: ReadonlySet<string> = new Set(
  Object.keys(WIRE_COMMANDS).flatMap((name) =>
    name.includes('|') ? [name.slice(0, name.indexOf('|'))] : [],
  ),
);

/** The command's row in the table; `undefined` if it is not listed. */
export function rowOf(command: WireCommand): WireEffect | undefined {
  const name = word(command[0]);
  const row = CONTAINERS.has(name) ? WIRE_COMMANDS[`${name}|${word(command[1])}`] : undefined;
  return row ?? WIRE_COMMANDS[name];
}

export function effectOf(command: WireCommand): Effect {
  const effect = rowOf(command);
  switch (effect?.kind) {
    case 'neutral':
      return NO_EFFECT;
    case 'read':
      return { ...NO_EFFECT, observes: namesAt(effect.keys, command) ?? [] };
    case 'write':
      return writeEffect(effect.keys, command);
    case 'flush':
      return { ...NO_EFFECT, flush: true, stray: effect.stray === true };
    case 'hold':
      return { ...NO_EFFECT, hold: true };
    case 'release':
      return { ...NO_EFFECT, release: true };
    default:
      return UNKNOWN;
  }
}

/** A read whose replies are cached. */
export interface Cacheable {
  readonly how: CachedRead;
  /** The keys it hangs on, as they go on the wire. */
  readonly keys: readonly unknown[];
  /** What tells its replies from others of the first key. */
  readonly rest: readonly unknown[];
}

/** `undefined` for a command whose replies are not cached. */
export function cacheableOf(command: WireCommand): Cacheable | undefined {
  const effect = rowOf(command);
  if (effect?.kind !== 'read' || effect.cached === undefined) return undefined;
  const { keys: positions, cached: how } = effect;
  if (positions === ONE && how.unless === undefined)
    return { how, keys: [command[1]], rest: command.length === 2 ? NOTHING : command.slice(2) };
  const keys = keysAt(positions, command) ?? [];
  if (
    how.unless !== undefined &&
    command.some((argument, at) => at > 1 && how.unless?.includes(word(argument)))
  )
    return undefined;
  return { how, keys, rest: command.slice(typeof positions === 'object' && 'countAt' in positions ? 1 : 2) };
}

const NOTHING: readonly unknown[] = [];

/** The effect of several commands sent together. */
export function effectOfAll(commands: readonly WireCommand[]): Effect {
  const effects = commands.map(effectOf);
  return {
    keys: effects.flatMap((effect) => effect.keys),
    observes: effects.flatMap((effect) => effect.observes),
    flush: effects.some((effect) => effect.flush),
    stray: effects.some((effect) => effect.stray),
    unknown: effects.some((effect) => effect.unknown),
    hold: effects.some((effect) => effect.hold),
    release: effects.some((effect) => effect.release),
  };
}

function writeEffect(positions: KeyPositions, command: WireCommand): Effect {
  const name = positions === ONE ? heldName(command[1]) : undefined;
  const keys = name === undefined ? namesAt(positions, command) : [name];
  // A script without keys may write anything; so may what we can't read.
  return keys === undefined || keys.length === 0 ? UNKNOWN : { ...NO_EFFECT, keys };
}

/** Under which names the command's keys may be held; `undefined` if that can't be read. */
function namesAt(positions: KeyPositions, command: WireCommand): string[] | undefined {
  const names = keysAt(positions, command)?.map(heldName);
  return names?.every((name) => name !== undefined) ? names : undefined;
}

function keysAt(positions: KeyPositions, command: WireCommand): readonly unknown[] | undefined {
  if (positions === 'streams') return streamKeys(command);
  if (positions === 'migrate') return migrateKeys(command);
  if ('from' in positions) {
    const { from, dropLast, step } = positions;
    return command.slice(from, command.length - dropLast).filter((_, index) => index % step === 0);
  }
  if ('countAt' in positions) {
    const { countAt, step = 1 } = positions;
    const count = Number(String(command[countAt]));
    if (!Number.isInteger(count)) return undefined;
    const first = countAt + 1;
    return command.slice(first, first + count * step).filter((_, index) => index % step === 0);
  }
  if ('after' in positions) {
    const stores = command.flatMap((argument, index) =>
      index > 1 && positions.after.includes(word(argument)) ? [command[index + 1]] : [],
    );
    return [command[1], ...stores];
  }
  return pick(positions, command);
}

function pick(positions: readonly number[], command: WireCommand): unknown[] {
  return positions.map((position) => command[position]);
}

/** XREAD [options] / XREADGROUP GROUP group consumer [options], then STREAMS key [key ...] id [id ...] */
function streamKeys(command: WireCommand): readonly unknown[] | undefined {
  // Names of a group and a consumer come first, and may be that word themselves.
  const options = word(command[0]) === 'XREADGROUP' ? 4 : 1;
  const start = command.findIndex((argument, index) => index >= options && word(argument) === 'STREAMS') + 1;
  if (start === 0) return undefined;
  return command.slice(start, start + (command.length - start) / 2);
}

/** MIGRATE host port key|"" destination-db timeout [COPY] [REPLACE] [AUTH ...] [KEYS key [key ...]] */
function migrateKeys(command: WireCommand): readonly unknown[] {
  // Only with an empty key do keys follow; before, the word may be a user's name.
  if (heldName(command[3]) !== '') return [command[3]];
  return command.slice(command.findIndex((argument, index) => index > 5 && word(argument) === 'KEYS') + 1);
}

function word(argument: unknown): string {
  return typeof argument === 'string' || Buffer.isBuffer(argument) ? argument.toString().toUpperCase() : '';
}
