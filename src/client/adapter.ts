// What the wrapping needs of a data client, whatever its major: how calls become wire commands, how they are sent, and
// what their options mean. One file per family of majors implements it; nothing else knows their differences.

import type { DataClientOptions } from '../tracking/endpoint.js';
import type { Around } from './cluster-multi.js';
import type { WireCommand } from './effect.js';

/** What the SDK needs of a node-redis client. Every standalone client and pool that node-redis makes has it. */
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

/** The only node of a client that has one. */
export const ONLY_NODE = 'only';

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

/** Sends a command as it is, on the connection that a read is sent on, right before it. */
export type Before = (send: (command: readonly string[]) => unknown) => void;

/** A method by name, or one of a module's or function library's namespace. */
export type MethodPath = readonly string[];

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
  /** It sends what is not ours to see. */
  | 'opaque';

/** A node of the data client that a read can be sent to. */
export interface DataNode {
  readonly id: string;
  /** The client's own connection to it. */
  readonly client: object;
}

/** A node, and how its client connects to it. */
export interface DataNodeOptions {
  readonly id: string;
  readonly options: DataClientOptions;
}

export interface ClientAdapter {
  readonly client: NodeRedisClient;
  readonly root: View;
  /** What the client puts before every key; `undefined` if that is bytes. */
  readonly keyPrefix: string | undefined;
  /** Whether the client refuses commands when more than a given number wait. */
  readonly queueIsBounded: boolean;
  /** Whether reads are answered in the order they were sent: by one connection. */
  readonly isOrdered: boolean;
  readonly isReady: boolean;
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
   * The same for a read of `key`, with what `before` sends right before it, on the same connection. `detoured` is called
   * before the promise settles if another node than that of {@link nodeOf} answers.
   */
  read(
    view: View,
    path: MethodPath,
    args: readonly unknown[],
    key: string,
    before: Before,
    detoured: () => void,
  ): Promise<unknown>;
  /** Names the node that a key is read from; `undefined` while that is not known. */
  nodeOf(key: string): string | undefined;
  /** The nodes that are read from, with where and as whom to connect; known at the latest when it is connected. */
  nodes(): readonly DataNodeOptions[] | Promise<readonly DataNodeOptions[]>;
  /** Whether these may change while the client is connected. */
  readonly nodesChange: boolean;
  /** A queue of commands of the client's own class, which executes itself by methods of `self`. */
  transaction(self: object, args: readonly unknown[], around: Around): object;
  /** Whether a method that executes a queue was told to do it as a transaction. */
  isTransaction(name: string, args: readonly unknown[]): boolean;
  /** Ends the connection in good order where one is, at once where none is. */
  end(): Promise<void>;
}

export type Method = (...args: unknown[]) => unknown;

export function methodOf(object: object, name: string): Method | undefined {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'function' ? (value as Method) : undefined;
}

export function invoke(object: object, path: MethodPath, args: readonly unknown[]): unknown {
  let owner = object;
  for (const name of path.slice(0, -1)) owner = Reflect.get(owner, name) as object;
  return (Reflect.get(owner, path.at(-1) ?? '') as Method).apply(owner, args as unknown[]);
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

/** The object in the prototype chain that has the member itself. */
export function holderOf(object: object, name: string): object | null {
  let holder: object | null = object;
  while (holder !== null && !Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder);
  return holder;
}

/** Names of what the client's options list under `kind`. */
export function extensionNames(options: object, kind: 'scripts' | 'modules' | 'functions'): string[] {
  const extension: unknown = Reflect.get(options, kind);
  return typeof extension === 'object' && extension !== null ? Object.keys(extension) : [];
}

/** The arguments such that they can be read twice: to know what they say, and to send them. */
export function repeatable(args: readonly unknown[]): readonly unknown[] {
  return args.some(isIterator)
    ? args.map((argument) => (isIterator(argument) ? [...argument] : argument))
    : args;
}

function isIterator(argument: unknown): argument is IterableIterator<unknown> {
  if (typeof argument !== 'object' || argument === null) return false;
  return typeof Reflect.get(argument, 'next') === 'function' && Symbol.iterator in argument;
}
