// What is particular to node-redis v4 (@redis/client 1.x), by structure, never by import: how its commands become
// wire arguments, how its options are marked, how a transaction is built.

import {
  type CallOptions,
  type ClientAdapter,
  type Journey,
  type NodeRedisClient,
  type OwnMethod,
  PLAIN,
  type QueuedCommands,
  recorderOf,
  type View,
} from './adapter.js';
import { type Around, noted } from './cluster-multi.js';
import { isCluster } from './connections/cluster.js';
import { type Connections, optionsOf, readAt, sendPlain } from './connections/connections.js';
import type { WireCommand } from './effect.js';
import { extensionNames, holderOf, invoke, type MethodPath, methodOf } from './methods.js';

type MultiConstructor = new (
  executor: (queue: QueuedCommands, ...rest: unknown[]) => Promise<unknown>,
) => object;

const OWN_METHODS: Readonly<Record<string, OwnMethod>> = {
  quit: 'closes',
  QUIT: 'closes',
  disconnect: 'closes',
  multi: 'multi',
  MULTI: 'multi',
  multiExecutor: 'executes',
  executeIsolated: 'lends',
  commandsExecutor: 'opaque',
  executeFunction: 'opaque',
  executeScript: 'opaque',
  functionsExecuter: 'opaque',
  scriptsExecuter: 'opaque',
  nodeClient: 'gives',
};

export class NodeRedisV4 implements ClientAdapter {
  readonly client: NodeRedisClient;
  readonly root: View;
  readonly keyPrefix = '';
  readonly connections: Connections;
  readonly ownMethods = OWN_METHODS;
  readonly namespaces: readonly string[];
  readonly #isCluster: boolean;
  readonly #scripts: ReadonlySet<string>;
  readonly #optionsMark: symbol | undefined;
  readonly #Multi: MultiConstructor;
  readonly #recorder: object;
  #recorded: WireCommand | undefined;

  constructor(client: NodeRedisClient, connections: Connections) {
    this.client = client;
    this.connections = connections;
    this.#isCluster = isCluster(client);
    const extensions = this.#isCluster ? extensionsOf(client) : namedIn(optionsOf(client));
    this.namespaces = extensions.namespaces;
    this.#scripts = new Set(extensions.scripts);
    this.root = this.viewOf(client);
    const marked = methodOf(client, 'commandOptions')?.call(client, {});
    this.#optionsMark =
      typeof marked === 'object' && marked !== null ? Object.getOwnPropertySymbols(marked)[0] : undefined;
    this.#Multi = Reflect.get(client, 'Multi') as MultiConstructor;
    this.#recorder = recorderOf(client, (wire) => {
      this.#recorded = wire;
    });
  }

  get queueIsBounded(): boolean {
    return Boolean(Reflect.get(optionsOf(this.client), 'commandsQueueMaxLength'));
  }

  isCommand(name: string): boolean {
    return methodOf(this.#recorder, name) !== undefined;
  }

  isReplaced(name: string): boolean {
    if (this.#scripts.has(name)) return false;
    const value: unknown = Reflect.get(this.client, name);
    const original = holderOf(this.client, 'commandsExecutor') ?? {};
    return value !== Reflect.get(original, name) && value !== Reflect.get(original, name.toUpperCase());
  }

  viewOf(target: object): View {
    return { target, options: PLAIN };
  }

  /** v4 marks options by a symbol, and takes them as the first argument. */
  optionsOf(_: View, args: readonly unknown[]): { options: CallOptions; rest: readonly unknown[] } {
    const first = args[0];
    if (typeof first !== 'object' || first === null) return { options: PLAIN, rest: args };
    // A cluster has no method that shows the symbol.
    const mark = this.#optionsMark ?? Object.getOwnPropertySymbols(first).find(isOptionsMark);
    if (mark === undefined || Reflect.get(first, mark) !== true) return { options: PLAIN, rest: args };
    // Replies as bytes are other replies, a connection of its own may have another database selected, and a place of
    // its own in the queue is not shared.
    const past = ['returnBuffers', 'isolated', 'asap'].some((name) => Reflect.get(first, name) === true);
    const signal = Reflect.get(first, 'signal') as AbortSignal | undefined;
    return { options: { ...PLAIN, past, signal }, rest: args.slice(1) };
  }

  encode(path: MethodPath, args: readonly unknown[]): WireCommand | undefined {
    const [name = ''] = path;
    const isExtension = path.length > 1 || this.#scripts.has(name);
    if (isExtension && !this.#isCluster) return this.#encodeExtension(path, args);
    this.#recorded = undefined;
    try {
      // A cluster's scripts and functions leave no trace there: they may write anything.
      if (this.#scripts.has(name)) return [];
      invoke(this.#recorder, path, args);
    } catch {
      return undefined;
    }
    const recorded = this.#recorded;
    // It may be large, and the next one far.
    this.#recorded = undefined;
    return recorded;
  }

  /** Scripts, functions and module commands, which only a transaction's own queue shows. */
  #encodeExtension(path: MethodPath, args: readonly unknown[]): WireCommand | undefined {
    let queue: QueuedCommands = [];
    const recorder = new this.#Multi((queued) => {
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

  call(view: View, path: MethodPath, args: readonly unknown[]): unknown {
    return invoke(view.target, path, args);
  }

  script(text: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (!this.#isCluster)
      return invoke(this.client, ['EVAL'], [text, { keys, arguments: args }]) as Promise<unknown>;
    // A cluster looks for the first key of EVAL in the wrong place, and asks any node.
    const wire = ['EVAL', text, String(keys.length), ...keys, ...args];
    return invoke(this.client, ['sendCommand'], [keys[0], false, wire]) as Promise<unknown>;
  }

  read(view: View, path: MethodPath, args: readonly unknown[], journey: Journey): Promise<unknown> {
    const { before, detoured, node, trusted } = journey;
    const { client } = node;
    if (client === undefined) {
      const target = this.connections.on(view.target, node, before, detoured);
      return Promise.resolve(invoke(target, path, args));
    }
    before((command) => sendPlain(client, command));
    const sent = invoke(client, path, args) as Promise<unknown>;
    const own = (): Promise<unknown> =>
      invoke(this.connections.atPrimary(view.target), path, args) as Promise<unknown>;
    return readAt(node, sent, { own, detoured, trusted });
  }

  transaction(self: object, args: readonly unknown[], around: Around): object {
    if (this.#isCluster) return noted(invoke(this.client, ['multi'], args) as object, this.#scripts, around);
    return new this.#Multi((...args) => invoke(self, ['multiExecutor'], args) as Promise<unknown>);
  }

  /** A pipeline has no chain. */
  isTransaction(_: string, args: readonly unknown[]): boolean {
    return args[2] !== undefined;
  }

  async end(): Promise<void> {
    // quit() would wait for a server that is away.
    if (this.connections.isWhole) await invoke(this.client, ['quit'], []);
    else if (this.client.isOpen) await invoke(this.client, ['disconnect'], []);
  }
}

function isOptionsMark({ description }: symbol): boolean {
  return description === 'Command Options';
}

interface Extensions {
  readonly namespaces: readonly string[];
  readonly scripts: readonly string[];
}

function namedIn(options: object): Extensions {
  const namespaces = [...extensionNames(options, 'modules'), ...extensionNames(options, 'functions')];
  return { namespaces, scripts: extensionNames(options, 'scripts') };
}

/** A cluster does not show its options. What its class was extended with: commands of modules and functions are behind getters, scripts are methods. */
function extensionsOf(client: object): Extensions {
  const base = holderOf(client, 'commandsExecutor');
  const namespaces: string[] = [];
  const scripts: string[] = [];
  for (
    let level: object | null = Object.getPrototypeOf(client);
    level !== null && level !== base;
    level = Object.getPrototypeOf(level)
  ) {
    for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (get !== undefined) namespaces.push(name);
      else if (typeof value === 'function' && name !== 'constructor' && name !== 'Multi') scripts.push(name);
    }
  }
  return { namespaces, scripts };
}
