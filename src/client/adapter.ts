// What the wrapping needs of a data client, whatever its major: how calls become wire commands, how they are sent, and
// what their options mean. One file per family of majors implements it; nothing else knows their differences.

import type { Around } from './cluster-multi.js';
import type { Before, Connections, DataNode } from './connections/connections.js';
import type { WireCommand } from './effect.js';
import type { MethodPath } from './methods.js';

/** What the SDK needs of a node-redis client: clients, pools, clusters and sentinels all have it. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  multi(): object;
}

/** The client as one caller sees it: itself, or what its `withTypeMapping()` and the like returned. */
export interface View {
  /** What methods are called on. */
  readonly target: object;
  options: CallOptions;
}

/** What a call's options mean for the cache. */
export interface CallOptions {
  /** Distinguishes replies that come in other types; empty for those of the client's own. */
  readonly types: string;
  /** Replies come in types other than node-redis' defaults. */
  readonly typed: boolean;
  /** Replies may be bytes. */
  readonly bytes: boolean;
  /** The read goes past the cache. */
  readonly past: boolean;
  /** A miss is neither shared nor stored: its caller has another timeout than the others. */
  readonly alone: boolean;
  /** A read that others wait for may be given up by the client before its time. */
  readonly impatient: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Options that change nothing. */
export const PLAIN: CallOptions = {
  types: '',
  typed: false,
  bytes: false,
  past: false,
  alone: false,
  impatient: false,
  signal: undefined,
};

/** A transaction's queue as node-redis hands it to what executes it. */
export type QueuedCommands = readonly { readonly args: WireCommand }[];

/** How a method of the client that is no command is treated. */
export type OwnMethod =
  /** It ends the connection. */
  | 'closes'
  /** It calls methods of the client: on the wrapped one, so that what they send is seen. */
  | 'calls'
  /** It returns the same client with other options. */
  | 'views'
  /** It lends out a connection. */
  | 'lends'
  /** It returns one. */
  | 'gives'
  /** It begins or ends optimistic locking, or leaves the connection in another state (rules C11, C14). */
  | 'holds'
  | 'releases'
  | 'resets'
  /** It begins a queue of commands. */
  | 'multi'
  /** It executes one, as a pipeline or as a transaction. */
  | 'executes'
  /** It changes nothing, and what it tells is not cached. */
  | 'passes'
  /** It sends what is not ours to see. */
  | 'opaque';

/** Where a read goes. */
export interface Journey {
  readonly node: DataNode;
  /** Sends what goes right before it, on the same connection. */
  readonly before: Before;
  /** One of many that are sent together. */
  readonly isPart?: boolean;
  /** Whether what the node answered is to be relied on; if not, the primary is asked. */
  readonly trusted?: ((value: unknown) => Promise<boolean>) | undefined;
  /** Called before the reply is there, if another node gives it. */
  readonly detoured: () => void;
}

export interface ClientAdapter {
  readonly client: NodeRedisClient;
  readonly root: View;
  /** What the client puts before every key; `undefined` if that is bytes. */
  readonly keyPrefix: string | undefined;
  /** Whether the client refuses commands when more than a given number wait. */
  readonly queueIsBounded: boolean;
  readonly connections: Connections;
  /** Names of modules and function libraries the client was created with; each is an object of methods. */
  readonly namespaces: readonly string[];
  /** Methods that are no commands and need a treatment of their own. */
  readonly ownMethods: Readonly<Record<string, OwnMethod>>;

  /** Whether a method of the client sends one command that a transaction knows too. */
  isCommand(name: string): boolean;
  /** Whether the user has put something in the method's place: it may send something else than its arguments say. */
  isReplaced(name: string): boolean;
  /** Another look at the client. */
  viewOf(target: object): View;
  /** Takes per-call options apart from the arguments of a command. */
  optionsOf(view: View, args: readonly unknown[]): { options: CallOptions; rest: readonly unknown[] };
  /** What the method would put on the wire; `undefined` if it would refuse these arguments and send nothing. */
  encode(path: MethodPath, args: readonly unknown[]): WireCommand | undefined;
  /** Calls a method on the real client: private state is out of reach for another `this`. */
  call(view: View, path: MethodPath, args: readonly unknown[]): unknown;
  /**
   * The same for a read by `node`, with what `before` sends right before it, on the same connection. `detoured` is called
   * before the promise settles if another node answers.
   */
  read(view: View, path: MethodPath, args: readonly unknown[], journey: Journey): Promise<unknown>;
  /** Runs a script at the node that has its keys, all of one slot. */
  script(text: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** A queue of commands of the client's own class, which executes itself by methods of `self`. */
  transaction(self: object, args: readonly unknown[], around: Around): object;
  /** Whether a method that executes a queue was told to do it as a transaction. */
  isTransaction(name: string, args: readonly unknown[]): boolean;
  /** Ends the connection in good order where one is, at once where none is. */
  end(): Promise<void>;
}

/** A transaction that is never executed: its methods turn arguments into wire arguments, which `record` is told. */
export function recorderOf(client: NodeRedisClient, record: (wire: WireCommand) => void): object {
  const recorder = client.multi();
  Object.defineProperty(recorder, 'addCommand', {
    // A cluster's is told more than the command: its key, and whether it only reads.
    value: (...args: unknown[]) => {
      const wire = args.find(Array.isArray);
      if (wire !== undefined) record(wire);
      return recorder;
    },
  });
  return recorder;
}
