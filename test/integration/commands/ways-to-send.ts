// The ways in which a program can send one command through a client.

import type { PlainClient } from '../../support/rig.js';
import { call, typedCommand } from './typed-commands.js';

export interface Way {
  readonly name: string;
  /** Whether what the client sends next is executed after it. */
  readonly inOrder: boolean;
  send(redis: PlainClient, command: string, args: readonly unknown[]): Promise<unknown>;
}

export const WAYS: readonly Way[] = [
  {
    name: 'its method',
    inOrder: true,
    send: async (redis, command, args) => call(redis, typedCommand(command).method, args),
  },
  {
    name: 'its method in capitals',
    inOrder: true,
    send: async (redis, command, args) => call(redis, command, args),
  },
  {
    name: 'sendCommand()',
    inOrder: true,
    send: async (redis, command, args) => redis.sendCommand(typedCommand(command).encode(args)),
  },
  {
    name: 'multi().exec()',
    inOrder: true,
    send: async (redis, command, args) => inTransaction(redis, typedCommand(command).method, args).exec(),
  },
  {
    name: 'multi().addCommand().exec()',
    inOrder: true,
    send: async (redis, command, args) => redis.multi().addCommand(typedCommand(command).encode(args)).exec(),
  },
  {
    name: 'multi().execAsPipeline()',
    inOrder: true,
    send: async (redis, command, args) => inTransaction(redis, command, args).execAsPipeline(),
  },
  {
    name: 'executeIsolated()',
    inOrder: false,
    send: (redis, command, args) =>
      redis.executeIsolated(async (isolated) => call(isolated, typedCommand(command).method, args)),
  },
  {
    name: 'commandOptions({ isolated: true })',
    inOrder: false,
    send: async (redis, command, args) =>
      call(redis, typedCommand(command).method, [redis.commandOptions({ isolated: true }), ...args]),
  },
];

type Transaction = ReturnType<PlainClient['multi']>;

/** With a read in front, because writes seldom come alone. */
function inTransaction(redis: PlainClient, method: string, args: readonly unknown[]): Transaction {
  return call(redis.multi().ping(), method, args) as Transaction;
}
