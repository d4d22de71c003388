// What is particular to node-redis v4 (@redis/client 1.x), by structure, never by import: how its commands become
// wire arguments, how its options are marked, how a transaction is built.

import type { DataClientOptions } from '../tracking/endpoint.js';
import {
  type Before,
  type CallOptions,
  type ClientAdapter,
  type DataNodeOptions,
  holderOf,
  invoke,
  type MethodPath,
  methodOf,
  type NodeRedisClient,
  ONLY_NODE,
  type OwnMethod,
  PLAIN,
  type QueuedCommands,
  recorderOf,
  type View,
} from './adapter.js';
import { type Around, noted } from './cluster-multi.js';
import { ClusterNodes, isCluster, isRedirection } from './cluster-nodes.js';
import type { WireCommand } from './effect.js';

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
  readonly isOrdered = true;
  readonly ownMethods = OWN_METHODS;
  readonly namespaces: readonly string[];
  readonly nodesChange: boolean;
  readonly #cluster: ClusterNodes | undefined;
  readonly #options: DataClientOptions;
  readonly #scripts: ReadonlySet<string>;
  readonly #optionsMark: symbol | undefined;
  readonly #Multi: MultiConstructor;
  readonly #recorder: object;
  #recorded: WireCommand | undefined;

  constructor(client: NodeRedisClient) {
    this.client = client;
    const options = (Reflect.get(client, 'options') as DataClientOptions | undefined) ?? {};
    this.#options = options;
    this.#cluster = isCluster(client) ? new ClusterNodes(client) : undefined;
    this.nodesChange = this.#cluster !== undefined;
    const extensions = extensionsOf(client);
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
    return Boolean(Reflect.get(this.#options, 'commandsQueueMaxLength'));
  }

  get isReady(): boolean {
    if (this.#cluster !== undefined) return this.client.isOpen && this.#cluster.isKnown;
    return Reflect.get(this.client, 'isReady') === true;
  }

  nodeOf(key: string): string | undefined {
    return this.#cluster === undefined ? ONLY_NODE : this.#cluster.nodeOf(key)?.id;
  }

  nodes(): readonly DataNodeOptions[] {
    return this.#cluster?.all() ?? [{ id: ONLY_NODE, options: this.#options }];
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
    if (isExtension && this.#cluster === undefined) return this.#encodeExtension(path, args);
    this.#recorded = undefined;
    try {
      // A cluster's scripts and functions leave no trace there: they may write anything.
      if (this.#scripts.has(name)) return [];
      invoke(this.#recorder, path, args);
    } catch {
      return undefined;
    }
    return this.#recorded;
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

  read(
    view: View,
    path: MethodPath,
    args: readonly unknown[],
    key: string,
    before: Before,
    detoured: () => void,
  ): Promise<unknown> {
    const client = this.#cluster?.nodeOf(key)?.client ?? this.client;
    before((command) => invoke(client, ['sendCommand'], [command]));
    if (this.#cluster === undefined) return Promise.resolve(this.call(view, path, args));
    return (invoke(client, path, args) as Promise<unknown>).catch((error: unknown) => {
      if (!isRedirection(error)) throw error;
      detoured();
      return this.call(view, path, args);
    });
  }

  transaction(self: object, args: readonly unknown[], around: Around): object {
    if (this.#cluster !== undefined)
      return noted(invoke(this.client, ['multi'], args) as object, this.#scripts, around);
    return new this.#Multi((...args) => invoke(self, ['multiExecutor'], args) as Promise<unknown>);
  }

  /** A pipeline has no chain. */
  isTransaction(_: string, args: readonly unknown[]): boolean {
    return args[2] !== undefined;
  }

  async end(): Promise<void> {
    // quit() would wait for a server that is away.
    if (this.isReady) await invoke(this.client, ['quit'], []);
    else if (this.client.isOpen) await invoke(this.client, ['disconnect'], []);
  }
}

function isOptionsMark({ description }: symbol): boolean {
  return description === 'Command Options';
}

/** What the class was extended with: commands of modules and functions are behind getters, scripts are methods. */
function extensionsOf(client: object): { readonly namespaces: string[]; readonly scripts: string[] } {
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
