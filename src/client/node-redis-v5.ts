// What is particular to node-redis v5 and v6 (@redis/client 5.x and 6.x), clients and pools, by structure, never by
// import: options by views of the client, key prefixes, connections that a pool lends out.

import type { DataClientOptions } from '../tracking/endpoint.js';
import {
  type Before,
  type CallOptions,
  type ClientAdapter,
  type DataNode,
  type DataNodeOptions,
  extensionNames,
  holderOf,
  invoke,
  type Method,
  type MethodPath,
  methodOf,
  type NodeRedisClient,
  ONLY_NODE,
  type OwnMethod,
  type QueuedCommands,
  recorderOf,
  type View,
} from './adapter.js';
import { type Around, noted } from './cluster-multi.js';
import { ClusterNodes, isCluster, isRedirection } from './cluster-nodes.js';
import type { WireCommand } from './effect.js';
import { typesOf } from './reply-types.js';

const OWN_METHODS: Readonly<Record<string, OwnMethod>> = {
  close: 'closes',
  destroy: 'closes',
  disconnect: 'closes',
  quit: 'closes',
  QUIT: 'closes',
  legacy: 'calls',
  multi: 'multi',
  MULTI: 'multi',
  withCommandOptions: 'views',
  withTypeMapping: 'views',
  withAbortSignal: 'views',
  asap: 'views',
  execute: 'lends',
  watch: 'holds',
  WATCH: 'holds',
  unwatch: 'releases',
  UNWATCH: 'releases',
  select: 'resets',
  SELECT: 'resets',
  reset: 'resets',
  _executeMulti: 'executes',
  _executePipeline: 'executes',
  _executeCommand: 'opaque',
  _executeScript: 'opaque',
  nodeClient: 'gives',
  getNodeClientForKey: 'gives',
};

/** node-redis' own options of a call. */
interface CommandOptions {
  readonly typeMapping?: object;
  readonly asap?: boolean;
  readonly abortSignal?: AbortSignal;
  /** How long a command may wait to be written. Unit: ms. */
  readonly timeout?: number;
}

export class NodeRedisV5 implements ClientAdapter {
  readonly client: NodeRedisClient;
  readonly root: View;
  readonly keyPrefix: string | undefined;
  readonly ownMethods = OWN_METHODS;
  readonly isOrdered: boolean;
  readonly nodesChange: boolean;
  readonly #cluster: ClusterNodes | undefined;
  /** By connection of a cluster, then by types. */
  readonly #sharedNodes = new WeakMap<object, Map<string, object>>();
  readonly namespaces: readonly string[];
  /** The class that has the commands, scripts and namespaces this client was made with. */
  readonly #commands: object;
  readonly #recorder: object;
  #recorded: WireCommand | undefined;
  #connection: DataClientOptions | undefined;
  readonly #scripts = new Set<string>();
  /** Those of the client, or of a pool's connections; `undefined` while these are not known. */
  #ownOptions: CommandOptions | undefined;
  /** By types: what reads are sent on that several callers may wait for. */
  readonly #shared = new Map<string, object>();

  constructor(client: NodeRedisClient) {
    this.client = client;
    this.#cluster = isCluster(client) ? new ClusterNodes(client) : undefined;
    this.nodesChange = this.#cluster !== undefined;
    this.isOrdered = !isPool(client);
    if (this.isOrdered) this.#ownOptions = commandOptionsOf(client);
    this.root = this.viewOf(client);
    this.#commands = holderOf(client, 'Multi') ?? {};
    this.#recorder = recorderOf(client, (wire) => {
      this.#recorded = wire;
    });
    const prefix = this.encode(['GET'], [''])?.[1];
    this.keyPrefix = typeof prefix === 'string' ? prefix : undefined;
    this.namespaces = Object.entries(Object.getOwnPropertyDescriptors(this.#commands))
      .filter(([, { get }]) => get !== undefined)
      .map(([name]) => name);
    if (this.isOrdered) this.#connection = optionsOf(client);
    for (const name of extensionNames(this.#connection ?? {}, 'scripts')) this.#scripts.add(name);
  }

  get queueIsBounded(): boolean {
    return Boolean(Reflect.get(this.#connection ?? {}, 'commandsQueueMaxLength'));
  }

  get isReady(): boolean {
    if (this.#cluster !== undefined) return this.client.isOpen && this.#cluster.isKnown;
    if (this.isOrdered) return Reflect.get(this.client, 'isReady') === true;
    return this.client.isOpen && Reflect.get(this.client, 'isClosing') !== true;
  }

  nodeOf(key: string): string | undefined {
    return this.#cluster === undefined ? ONLY_NODE : this.#cluster.nodeOf(key)?.id;
  }

  /** A pool shows the options of its connections only on one of them. */
  nodes(): readonly DataNodeOptions[] | Promise<readonly DataNodeOptions[]> {
    if (this.#cluster !== undefined) return this.#cluster.all();
    return this.#connection === undefined ? this.#askPool() : [{ id: ONLY_NODE, options: this.#connection }];
  }

  async #askPool(): Promise<readonly DataNodeOptions[]> {
    const ask = (connection: object): DataClientOptions => {
      this.#ownOptions = commandOptionsOf(connection);
      return optionsOf(connection);
    };
    const options = (await invoke(this.client, ['execute'], [ask])) as DataClientOptions;
    this.#connection = options;
    // Whoever holds the view of the pool itself finds its options there.
    Object.assign(this.root, this.viewOf(this.client));
    return [{ id: ONLY_NODE, options }];
  }

  isCommand(name: string): boolean {
    return Object.hasOwn(this.#commands, name) && methodOf(this.#recorder, name) !== undefined;
  }

  isReplaced(name: string): boolean {
    return Reflect.get(this.client, name) !== Reflect.get(this.#commands, name);
  }

  /** What the client's own options leave out of a view's, its connections fill in; replies are transformed without. */
  viewOf(target: object): View {
    const own = this.#ownOptions;
    const given = commandOptionsOf(target);
    const effective = { ...own, ...given };
    const types = typesOf(effective.typeMapping, given.typeMapping);
    return {
      target,
      options: {
        types: types ?? '',
        typed: types !== '',
        bytes: Object.values(effective.typeMapping ?? {}).includes(Buffer),
        // A place of its own in the queue is not shared; types that can't be told apart are not either.
        past: own === undefined || effective.asap === true || types === undefined,
        alone: (effective.timeout || NO_TIMEOUT) !== (own?.timeout || NO_TIMEOUT),
        impatient: !this.isOrdered || own?.timeout !== undefined,
        signal: effective.abortSignal,
      },
    };
  }

  optionsOf(view: View, args: readonly unknown[]): { options: CallOptions; rest: readonly unknown[] } {
    return { options: view.options, rest: args };
  }

  encode(path: MethodPath, args: readonly unknown[]): WireCommand | undefined {
    const [name = ''] = path;
    if (path.length === 1 && this.#scripts.has(name)) return this.#encodeScript(name, args);
    this.#recorded = undefined;
    try {
      invokeOn(this.#recorder, path, args);
    } catch {
      return undefined;
    }
    if (this.#recorded !== undefined) return this.#recorded;
    // A script, unknown so far because a pool does not show its options.
    this.#scripts.add(name);
    return this.#encodeScript(name, args);
  }

  /** A script goes into a transaction's own queue, past what records. */
  #encodeScript(name: string, args: readonly unknown[]): WireCommand | undefined {
    let queue: QueuedCommands = [];
    const Multi = Reflect.get(this.client, 'Multi') as new (...args: unknown[]) => object;
    const execute = (...given: unknown[]): Promise<unknown> => {
      queue = given.find(Array.isArray) ?? [];
      return Promise.resolve([]);
    };
    try {
      const routing = this.#cluster === undefined ? [] : [undefined];
      const recorder = new Multi(execute, execute, ...routing, undefined, this.keyPrefix);
      invoke(recorder, [name], args);
      invoke(recorder, ['execAsPipeline'], []);
    } catch {
      return undefined;
    }
    return queue[0]?.args;
  }

  call(view: View, path: MethodPath, args: readonly unknown[]): unknown {
    return invokeOn(view.target, path, args);
  }

  read(
    view: View,
    path: MethodPath,
    args: readonly unknown[],
    key: string,
    before: Before,
    detoured: () => void,
  ): Promise<unknown> {
    const node = this.#cluster?.nodeOf(key);
    if (node !== undefined) return this.#readAt(node, view, path, args, before, detoured);
    const target = this.#sharedFor(view);
    if (this.isOrdered) {
      before((command) => sendPlain(this.client, command));
      return invokeOn(target, path, args) as Promise<unknown>;
    }
    // The pool's method asks for a connection by `execute`: what goes before goes on that one.
    const lend = (use: Method): unknown =>
      invoke(
        target,
        ['execute'],
        [
          (client: object) => {
            before((command) => sendPlain(client, command));
            return use(client);
          },
        ],
      );
    return invokeOn(Object.create(target, { execute: { value: lend } }), path, args) as Promise<unknown>;
  }

  /** On the cluster's own connection to a node; whatever that redirects goes the client's own way. */
  #readAt(
    { client }: DataNode,
    view: View,
    path: MethodPath,
    args: readonly unknown[],
    before: Before,
    detoured: () => void,
  ): Promise<unknown> {
    before((command) => sendPlain(client, command));
    const reply = invokeOn(this.#sharedAt(client, view), path, args) as Promise<unknown>;
    return reply.catch((error: unknown) => {
      if (!isRedirection(error)) throw error;
      detoured();
      return this.call(view, path, args);
    });
  }

  #sharedAt(client: object, view: View): object {
    const { types } = view.options;
    const ofClient = this.#sharedNodes.get(client) ?? new Map<string, object>();
    this.#sharedNodes.set(client, ofClient);
    let shared = ofClient.get(types);
    if (shared === undefined) {
      shared = invoke(client, ['withCommandOptions'], [this.#carried(view)]) as object;
      // The cluster prefixes keys by itself, its connections do not.
      const self = Object.create(Reflect.get(shared, '_self') as object, {
        _keyPrefix: { value: this.keyPrefix },
      });
      if (this.keyPrefix !== '') shared = Object.create(shared, { _self: { value: self } }) as object;
      ofClient.set(types, shared);
    }
    return shared;
  }

  /** The client's own options with a view's types. */
  #carried(view: View): object {
    const { typeMapping: _, ...options } = this.#ownOptions ?? {};
    const given = commandOptionsOf(view.target);
    const mapping = { typeMapping: given.typeMapping };
    // v5 lets a view inherit a mapping, which then transforms replies but does not decode them.
    return Object.hasOwn(given, 'typeMapping')
      ? { ...options, ...mapping }
      : Object.assign(Object.create(mapping), options);
  }

  /** Without the signal of the one who asks first. */
  #sharedFor(view: View): object {
    const { types } = view.options;
    if (types === this.root.options.types) return this.client;
    let shared = this.#shared.get(types);
    if (shared === undefined) {
      shared = invoke(this.client, ['withCommandOptions'], [this.#carried(view)]) as object;
      this.#shared.set(types, shared);
    }
    return shared;
  }

  /** Its methods execute by `_executeMulti` and the like of what it was made by. */
  transaction(self: object, args: readonly unknown[], around: Around): object {
    if (this.#cluster !== undefined)
      return noted(invoke(this.client, ['multi'], args) as object, this.#scripts, around);
    return (methodOf(this.client, 'MULTI') as Method).call(self) as object;
  }

  isTransaction(name: string): boolean {
    return name === '_executeMulti';
  }

  async end(): Promise<void> {
    // close() would wait for a server that is away.
    if (!this.client.isOpen) return;
    await invoke(this.client, [this.isReady ? 'close' : 'destroy'], []);
  }
}

const NO_TIMEOUT = Number.POSITIVE_INFINITY;

/** Namespaces know their client by `_self`, which v5 leaves at the client even on a view of it. */
function invokeOn(target: object, path: MethodPath, args: readonly unknown[]): unknown {
  const [first = '', second] = path;
  if (second === undefined) return invoke(target, path, args);
  const namespace = Object.create(Reflect.get(target, first) as object, { _self: { value: target } });
  return invoke(namespace, [second], args);
}

/** In the types that are node-redis' defaults, whatever the client's own are. */
function sendPlain(client: object, command: readonly string[]): unknown {
  return invoke(client, ['sendCommand'], [command, { typeMapping: {} }]);
}

export function isPool(client: object): boolean {
  return 'totalClients' in client && methodOf(client, 'execute') !== undefined;
}

function optionsOf(client: object): DataClientOptions {
  return (Reflect.get(client, 'options') as DataClientOptions | undefined) ?? {};
}

function commandOptionsOf(target: object): CommandOptions {
  return (Reflect.get(target, '_commandOptions') as CommandOptions | undefined) ?? {};
}
