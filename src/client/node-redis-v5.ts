// What is particular to node-redis v5 and v6 (@redis/client 5.x and 6.x), clients, pools, clusters and sentinels, by
// structure, never by import: options by views of the client, key prefixes, connections that are lent out.

import {
  type CallOptions,
  type ClientAdapter,
  type Journey,
  type NodeRedisClient,
  type OwnMethod,
  type QueuedCommands,
  recorderOf,
  type View,
} from './adapter.js';
import { type Around, noted } from './cluster-multi.js';
import { isCluster } from './connections/cluster.js';
import { type Connections, optionsOf, readAt, sendPlain } from './connections/connections.js';
import { isPool, PooledConnections } from './connections/pool.js';
import { isSentinel, SentinelConnections } from './connections/sentinel.js';
import type { WireCommand } from './effect.js';
import { extensionNames, holderOf, invoke, type Method, type MethodPath, methodOf } from './methods.js';
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
  use: 'lends',
  acquire: 'gives',
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
  _execute: 'opaque',
  nodeClient: 'gives',
  getNodeClientForKey: 'gives',
};

/** A sentinel's iterator calls what is opaque, to send nothing but SCAN. */
const OF_SENTINELS: Readonly<Record<string, OwnMethod>> = { ...OWN_METHODS, scanIterator: 'passes' };

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
  readonly ownMethods: Readonly<Record<string, OwnMethod>>;
  readonly connections: Connections;
  readonly namespaces: readonly string[];
  readonly #isCluster: boolean;
  /** The class that has the commands, scripts and namespaces this client was made with. */
  readonly #commands: object;
  readonly #recorder: object;
  #recorded: WireCommand | undefined;
  readonly #scripts = new Set<string>();
  /** Those of the client, or of the connections of a pool or sentinel. */
  #options: object;
  /** Those of the client over those of its connections; `undefined` while these are not known. */
  #ownOptions: CommandOptions | undefined;
  /** By connection, then by types: what reads are sent on that several callers may wait for. */
  readonly #shared = new WeakMap<object, Map<string, object>>();

  /** Pools and sentinels make their connections themselves: what they are like is learnt from one. */
  constructor(client: NodeRedisClient, connections?: Connections) {
    this.client = client;
    this.connections =
      connections ??
      new (isSentinel(client) ? SentinelConnections : PooledConnections)(client, (connection) =>
        this.#learn(connection),
      );
    this.#isCluster = isCluster(client);
    this.ownMethods = isSentinel(client) ? OF_SENTINELS : OWN_METHODS;
    this.#options = optionsOf(client);
    if (connections !== undefined) this.#ownOptions = commandOptionsOf(client);
    this.root = this.#viewOf(client);
    this.#commands = holderOf(client, 'Multi') ?? {};
    this.#recorder = recorderOf(client, (wire) => {
      this.#recorded = wire;
    });
    const prefix = this.encode(['GET'], [''])?.[1];
    this.keyPrefix = typeof prefix === 'string' ? prefix : undefined;
    this.namespaces = Object.entries(Object.getOwnPropertyDescriptors(this.#commands))
      .filter(([, { get }]) => get !== undefined)
      .map(([name]) => name);
    for (const name of extensionNames(this.#options, 'scripts')) this.#scripts.add(name);
  }

  get queueIsBounded(): boolean {
    return Boolean(Reflect.get(this.#options, 'commandsQueueMaxLength'));
  }

  #learn(connection: object): void {
    const own = isSentinel(this.client) ? commandOptionsOf(this.client) : {};
    this.#ownOptions = { ...commandOptionsOf(connection), ...own };
    this.#options = optionsOf(connection);
    this.#refreshRoot();
  }

  isCommand(name: string): boolean {
    return Object.hasOwn(this.#commands, name) && methodOf(this.#recorder, name) !== undefined;
  }

  isReplaced(name: string): boolean {
    return Reflect.get(this.client, name) !== Reflect.get(this.#commands, name);
  }

  viewOf(target: object): View {
    return this.#isTheClient(target) ? this.#refreshRoot() : this.#viewOf(target);
  }

  /** In place: whoever holds the view of the client itself finds its options there. */
  #refreshRoot(): View {
    return Object.assign(this.root, this.#viewOf(this.client));
  }

  /** Views of v5's sentinels have no options of their own: what they are given changes the client's, or nothing. */
  #isTheClient(target: object): boolean {
    return isSentinel(this.client) && commandOptionsOf(target) === commandOptionsOf(this.client);
  }

  /** What the client's own options leave out of a view's, its connections fill in; replies are transformed without. */
  #viewOf(target: object): View {
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
        impatient: isPool(this.client) || own?.timeout !== undefined,
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
    const recorded = this.#recorded;
    // It may be large, and the next one far.
    this.#recorded = undefined;
    if (recorded !== undefined) return recorded;
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
    // A sentinel's, and that of a client it lends, is made with what executes it.
    const executor = { _executePipeline: execute, _keyPrefix: this.keyPrefix };
    try {
      const routing = this.#isCluster ? [undefined] : [];
      const recorder =
        methodOf(this.client, '_execute') === undefined || this.#isCluster
          ? new Multi(execute, execute, ...routing, undefined, this.keyPrefix)
          : new Multi(executor);
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

  script(text: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.call(this.root, ['EVAL'], [text, { keys, arguments: args }]) as Promise<unknown>;
  }

  read(view: View, path: MethodPath, args: readonly unknown[], journey: Journey): Promise<unknown> {
    const { before, detoured, node, trusted } = journey;
    const { client } = node;
    if (client === undefined) {
      const target = this.connections.on(this.#sharedOn(this.client, view), node, before, detoured);
      return invokeOn(target, path, args) as Promise<unknown>;
    }
    before((command) => sendPlain(client, command));
    // What is written in this turn anyway needs none of v6's timers, which would cost a batch more than all the rest.
    const isWrittenNow = journey.isPart === true && Reflect.get(client, 'isReady') === true;
    const sent = invokeOn(this.#sharedOn(client, view, isWrittenNow), path, args) as Promise<unknown>;
    // On its own way too without the signal of the one who asks first.
    const own = (): Promise<unknown> => {
      const target = this.connections.atPrimary(this.#sharedOn(this.client, view));
      return invokeOn(target, path, args) as Promise<unknown>;
    };
    return readAt(node, sent, { own, detoured, trusted });
  }

  /** Without the signal of the one who asks first. */
  #sharedOn(client: object, view: View, isUntimed = false): object {
    const types = isUntimed ? `${view.options.types}\0untimed` : view.options.types;
    if (client === this.client && types === this.root.options.types) return client;
    const ofClient = this.#shared.get(client) ?? new Map<string, object>();
    this.#shared.set(client, ofClient);
    let shared = ofClient.get(types);
    if (shared === undefined) {
      const carried = this.#carried(view);
      if (isUntimed) Object.assign(carried, { timeout: undefined });
      shared = invoke(client, ['withCommandOptions'], [carried]) as object;
      if (client !== this.client && this.keyPrefix !== '') shared = prefixing(shared, this.keyPrefix);
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

  /** Its methods execute by `_executeMulti` and the like of what it was made by. */
  transaction(self: object, args: readonly unknown[], around: Around): object {
    if (this.#isCluster) return noted(invoke(this.client, ['multi'], args) as object, this.#scripts, around);
    return (methodOf(this.client, 'MULTI') as Method).call(self) as object;
  }

  isTransaction(name: string): boolean {
    return name === '_executeMulti';
  }

  async end(): Promise<void> {
    // close() would wait for a server that is away.
    if (!this.client.isOpen) return;
    await invoke(this.client, [this.connections.isWhole ? 'close' : 'destroy'], []);
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

/** A cluster prefixes keys by itself, its connections do not. */
function prefixing(client: object, keyPrefix: string | undefined): object {
  const self: object = Object.create(Reflect.get(client, '_self') as object, {
    _keyPrefix: { value: keyPrefix },
  });
  return Object.create(client, { _self: { value: self } }) as object;
}

const NO_OPTIONS: CommandOptions = {};

/** A sentinel client shows what applies by a getter. */
function commandOptionsOf(target: object): CommandOptions {
  const options: unknown = Reflect.get(
    target,
    'commandOptions' in target ? 'commandOptions' : '_commandOptions',
  );
  return (options as CommandOptions | undefined) ?? NO_OPTIONS;
}
