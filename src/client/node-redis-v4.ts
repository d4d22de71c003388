// What is particular to node-redis v4 (@redis/client 1.x), by structure, never by import: how its commands become
// wire arguments, how its options are marked, how a transaction is built.

import { NearCacheError } from '../errors.js';
import type { DataClientOptions } from '../tracking/endpoint.js';
import type { WireCommand } from './effect.js';

/** What the SDK needs of a node-redis client. Every standalone client that `createClient()` returns has it. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  disconnect(): Promise<void>;
  quit(): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  multi(): object;
}

/** v4's per-command options, as `commandOptions({...})` makes them. */
export interface CommandOptions {
  readonly returnBuffers?: boolean;
  readonly isolated?: boolean;
  readonly asap?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Whether a read with these options goes past the cache: replies as bytes are other replies, a connection of its own may
 * have another database selected, and a place of its own in the queue is not shared.
 */
export function goesPast(options: CommandOptions | undefined): boolean {
  return options?.returnBuffers === true || options?.isolated === true || options?.asap === true;
}

/** A transaction's queue as v4 hands it to its executor. */
export type QueuedCommands = readonly { readonly args: WireCommand }[];

export type MultiExecutor = (
  queue: QueuedCommands,
  selectedDatabase: number | undefined,
  chainId: symbol | undefined,
) => Promise<unknown>;

type Method = (...args: unknown[]) => unknown;
type MultiConstructor = new (executor: MultiExecutor) => object;

export class NodeRedisV4 {
  readonly client: NodeRedisClient;
  readonly #optionsMark: symbol | undefined;
  readonly #Multi: MultiConstructor;
  /** A transaction that is never executed: its methods turn arguments into wire arguments. */
  readonly #recorder: object;
  #recorded: WireCommand | undefined;

  /** @throws NearCacheError `ERR_NEAR_CLIENT` for anything that is not a v4 client, or one in legacy mode. */
  constructor(client: unknown) {
    assertClient(client);
    this.client = client;
    const commandOptions = method(client, 'commandOptions');
    const marked = commandOptions?.call(client, {});
    this.#optionsMark =
      typeof marked === 'object' && marked !== null ? Object.getOwnPropertySymbols(marked)[0] : undefined;
    this.#Multi = Reflect.get(client, 'Multi') as MultiConstructor;
    this.#recorder = client.multi();
    Object.defineProperty(this.#recorder, 'addCommand', {
      value: (args: WireCommand) => {
        this.#recorded = args;
        return this.#recorder;
      },
    });
  }

  get options(): DataClientOptions {
    return (Reflect.get(this.client, 'options') as DataClientOptions | undefined) ?? {};
  }

  /** Whether a method of the client sends one command that a transaction knows too. */
  isCommand(name: string): boolean {
    return method(this.#recorder, name) !== undefined;
  }

  /** Whether the client refuses commands when more than a given number wait. */
  get queueIsBounded(): boolean {
    return Boolean(Reflect.get(this.options, 'commandsQueueMaxLength'));
  }

  /** Whether the user has put something in the method's place: it may send something else than its arguments say. */
  isReplaced(name: string): boolean {
    const value: unknown = Reflect.get(this.client, name);
    const original = holderOf(this.client, 'multiExecutor') ?? {};
    return value !== Reflect.get(original, name) && value !== Reflect.get(original, name.toUpperCase());
  }

  /** Names of scripts the client was created with; each is a method. */
  get scripts(): readonly string[] {
    return Object.keys(this.#extension('scripts'));
  }

  /** Names of modules and function libraries the client was created with; each is an object of methods. */
  get namespaces(): readonly string[] {
    return [...Object.keys(this.#extension('modules')), ...Object.keys(this.#extension('functions'))];
  }

  /** Takes v4's options apart from the arguments of a command. */
  splitOptions(args: readonly unknown[]): { options: CommandOptions | undefined; rest: readonly unknown[] } {
    const first = args[0];
    const given =
      this.#optionsMark !== undefined &&
      typeof first === 'object' &&
      first !== null &&
      Reflect.get(first, this.#optionsMark) === true;
    return given
      ? { options: first as CommandOptions, rest: args.slice(1) }
      : { options: undefined, rest: args };
  }

  /** What the command's method would put on the wire; `undefined` if it would refuse these arguments. */
  encode(name: string, args: readonly unknown[]): WireCommand | undefined {
    this.#recorded = undefined;
    try {
      method(this.#recorder, name)?.apply(this.#recorder, [...args]);
    } catch {
      return undefined;
    }
    return this.#recorded;
  }

  /** The same for scripts, functions and module commands, which only a transaction's own queue shows. */
  encodeExtension(path: readonly string[], args: readonly unknown[]): WireCommand | undefined {
    let queue: QueuedCommands = [];
    const recorder = this.transaction((queued) => {
      queue = queued;
      return Promise.resolve([]);
    });
    try {
      invoke(recorder, path, args);
      invoke(recorder, ['execAsPipeline'], []);
    } catch {
      return undefined;
    }
    return queue[0]?.args;
  }

  /** A transaction of the client's own class that is executed by `executor`. */
  transaction(executor: MultiExecutor): object {
    return new this.#Multi(executor);
  }

  /** Executes a transaction's queue on the client. */
  execute(...args: Parameters<MultiExecutor>): Promise<unknown> {
    return this.call(['multiExecutor'], args) as Promise<unknown>;
  }

  /** Calls a method of the real client or of one of its namespaces: private state is out of reach for another `this`. */
  call(path: readonly string[], args: readonly unknown[]): unknown {
    return invoke(this.client, path, args);
  }

  #extension(kind: 'scripts' | 'modules' | 'functions'): object {
    const extension: unknown = Reflect.get(this.options, kind);
    return typeof extension === 'object' && extension !== null ? extension : {};
  }
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

function invoke(object: object, path: readonly string[], args: readonly unknown[]): unknown {
  let owner = object;
  for (const name of path.slice(0, -1)) owner = Reflect.get(owner, name) as object;
  return (Reflect.get(owner, path.at(-1) ?? '') as Method).apply(owner, args as unknown[]);
}

/** The object in the prototype chain that has the member itself. */
function holderOf(object: object, name: string): object | null {
  let holder: object | null = object;
  while (holder !== null && !Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder);
  return holder;
}

function method(object: object, name: string): Method | undefined {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'function' ? (value as Method) : undefined;
}

function assertClient(client: unknown): asserts client is NodeRedisClient {
  const methods = ['connect', 'disconnect', 'quit', 'on', 'off', 'multi', 'sendCommand', 'multiExecutor'];
  const isClient =
    typeof client === 'object' &&
    client !== null &&
    methods.every((name) => method(client, name) !== undefined);
  if (!isClient) {
    throw new NearCacheError(
      'ERR_NEAR_CLIENT',
      'withNearCache() takes a client made by createClient() of node-redis v4 (@redis/client 1.x); received ' +
        `${client === null ? 'null' : typeof client === 'object' ? `an object of class ${client.constructor?.name}` : typeof client}.`,
    );
  }
  const options: unknown = Reflect.get(client, 'options');
  if (typeof options === 'object' && options !== null && Reflect.get(options, 'legacyMode') === true) {
    throw new NearCacheError(
      'ERR_NEAR_CLIENT',
      'withNearCache() takes no client in legacy mode, whose commands answer callbacks. Leave legacyMode out.',
    );
  }
  if (Reflect.get(client, 'near') !== undefined) {
    throw new NearCacheError(
      'ERR_NEAR_CLIENT',
      'This client has a near cache already. Wrap the client that createClient() returned, once.',
    );
  }
}
