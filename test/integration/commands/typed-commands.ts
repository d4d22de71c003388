// node-redis v4's own list of commands: the two spellings of each, and what it puts on the wire.

import { createRequire } from 'node:module';
import type { RedisCommandArguments } from 'redis-client-v4/dist/lib/commands/index.js';

export interface TypedCommand {
  /** The spelling in capitals, by which the command is named here. */
  readonly name: string;
  /** The method's usual spelling. */
  readonly method: string;
  /** What the method puts on the wire for these arguments. */
  encode(args: readonly unknown[]): RedisCommandArguments;
}

interface Definition {
  transformArguments(...args: readonly unknown[]): RedisCommandArguments;
}

// By require, because bundlers and Node disagree about what the default import of this file is.
const list: { readonly default: Readonly<Record<string, Definition>> } = createRequire(import.meta.url)(
  'redis-client-v4/dist/lib/client/commands',
);

/** Every command that the client has a method for, by name. Both spellings share one definition. */
export const TYPED_COMMANDS: ReadonlyMap<string, TypedCommand> = new Map(
  Object.entries(list.default)
    .filter(([name]) => name === name.toUpperCase())
    .map(([name, definition]) => [name, typed(name, definition)]),
);

function typed(name: string, definition: Definition): TypedCommand {
  const spellings = Object.keys(list.default).filter((other) => list.default[other] === definition);
  return {
    name,
    method: spellings.find((spelling) => spelling !== name) ?? name,
    encode: (args) => definition.transformArguments(...args),
  };
}

/** @throws Error for a name that is none of the client's */
export function typedCommand(name: string): TypedCommand {
  const command = TYPED_COMMANDS.get(name);
  if (command === undefined) throw new Error(`node-redis v4 has no command ${name}.`);
  return command;
}

/** Calls a method that is known by name only. */
export function call(target: object, method: string, args: readonly unknown[]): unknown {
  return (Reflect.get(target, method) as (...args: unknown[]) => unknown).apply(target, [...args]);
}
