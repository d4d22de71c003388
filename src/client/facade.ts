// Builds the client-shaped object: every method, getter and event of the client, with reads, writes and
// transactions led through the cache. Methods run on the real client, whose private fields no other `this` reaches.

import { canonicalName } from './cached-reads.js';
import { type Effect, effectOf, effectOfAll, NO_EFFECT, UNKNOWN } from './effect.js';
import { type MultiExecutor, type NodeRedisV4, repeatable } from './node-redis-v4.js';
import type { OwnCommands } from './own-commands.js';

/** A method that stands in for one of the client's. */
export type Interceptor = (...args: unknown[]) => unknown;

/** What the facade of the user's client does otherwise than that of an isolated connection. */
export interface FacadeRole {
  readonly commands: OwnCommands;
  /** Stands in for a read command that the cache answers. */
  read(name: string, canonical: string): Interceptor | undefined;
  /** A command's method was found to be the user's own. */
  noticeReplaced(name: string): void;
  /** Stands in for methods of the client itself, by name. */
  own(facade: object): Readonly<Record<string, Interceptor>>;
}

/** Ways to send a command past the typed methods: what they send is not ours to see. */
const OPAQUE = [
  'commandsExecutor',
  'executeFunction',
  'executeScript',
  'functionsExecuter',
  'scriptsExecuter',
];

export function buildFacade(adapter: NodeRedisV4, role: FacadeRole): object {
  const facade: object = Object.create(adapter.client);
  const own = role.own(facade);
  const methods = new Methods(adapter, role);
  for (const [name, descriptor] of members(adapter.client)) {
    if (descriptor.get !== undefined) {
      Object.defineProperty(facade, name, {
        get: () => Reflect.get(adapter.client, name),
        configurable: true,
      });
    } else if (typeof descriptor.value === 'function') {
      define(
        facade,
        name,
        (Object.hasOwn(own, name) ? own[name] : undefined) ??
          methods.interceptor(name) ??
          forward(adapter, facade, name),
      );
    }
  }
  for (const name of adapter.namespaces) {
    const namespace = Reflect.get(adapter.client, name) as object;
    const wrapped: object = Object.create(namespace);
    for (const [method, descriptor] of members(namespace)) {
      if (typeof descriptor.value === 'function') define(wrapped, method, methods.extension([name, method]));
    }
    define(facade, name, wrapped);
  }
  return facade;
}

/** What the cache has no part in behaves as on the client; what chains, chains the facade. */
function forward(adapter: NodeRedisV4, facade: object, name: string): Interceptor {
  // v4's iterators call the client's own methods: on the facade, so that what they read is seen.
  if (name.endsWith('Iterator'))
    return (...args) => (Reflect.get(adapter.client, name) as Interceptor).apply(facade, args);
  return (...args) => {
    const result = adapter.call([name], args);
    return result === adapter.client ? facade : result;
  };
}

class Methods {
  readonly #adapter: NodeRedisV4;
  readonly #role: FacadeRole;

  constructor(adapter: NodeRedisV4, role: FacadeRole) {
    this.#adapter = adapter;
    this.#role = role;
  }

  interceptor(name: string): Interceptor | undefined {
    const canonical = canonicalName(name);
    if (name === 'sendCommand') {
      return (...args) => this.#send(Array.isArray(args[0]) ? effectOf(args[0]) : UNKNOWN, [name], args);
    }
    if (name === 'multiExecutor') return (...args) => this.#execute(...(args as Parameters<MultiExecutor>));
    if (canonical === 'MULTI') return () => this.#adapter.transaction((...args) => this.#execute(...args));
    if (OPAQUE.includes(name)) return (...args) => this.#send(UNKNOWN, [name], args);
    if (this.#adapter.scripts.includes(name)) return this.extension([name]);
    if (!this.#adapter.isCommand(name)) return undefined;
    if (this.#adapter.isReplaced(name)) return this.#replaced(name, canonical);
    return this.#role.read(name, canonical) ?? this.#command(name);
  }

  /** What was put in a command's place is not cached; what it may write is not ours to see. */
  #replaced(name: string, canonical: string): Interceptor {
    const effect = this.#role.read(name, canonical) === undefined ? UNKNOWN : NO_EFFECT;
    return (...args) => {
      this.#role.noticeReplaced(name);
      return this.#send(effect, [name], args);
    };
  }

  #command(name: string): Interceptor {
    return (...given) => {
      const args = repeatable(given);
      const wire = this.#adapter.encode(name, this.#adapter.splitOptions(args).rest);
      // Arguments that the client refuses send nothing.
      return this.#send(wire === undefined ? NO_EFFECT : effectOf(wire), [name], args);
    };
  }

  /** Scripts, functions and module commands: methods of the client or of one of its namespaces. */
  extension(path: readonly string[]): Interceptor {
    return (...given) => {
      const args = repeatable(given);
      const wire = this.#adapter.encodeExtension(path, this.#adapter.splitOptions(args).rest);
      return this.#send(wire === undefined ? UNKNOWN : effectOf(wire), path, args);
    };
  }

  #send(effect: Effect, path: readonly string[], args: readonly unknown[]): unknown {
    const send = (): unknown => this.#adapter.call(path, args);
    return this.#role.commands.concerns(effect)
      ? this.#role.commands.around(effect, send as () => Promise<unknown>)
      : send();
  }

  /** Runs a transaction or pipeline. Only a real MULTI, which has a chain, ends with EXEC. */
  #execute(...args: Parameters<MultiExecutor>): Promise<unknown> {
    const [queue, , chain] = args;
    const effect = Array.isArray(queue) ? effectOfAll(queue.map((command) => command.args)) : UNKNOWN;
    return this.#role.commands.around({ ...effect, release: effect.release || chain !== undefined }, () =>
      this.#adapter.execute(...args),
    );
  }
}

/** Members that are classes: they stay as they are. */
const CLASSES = ['constructor', 'Multi'];

/** Named members of an object and its prototypes, nearest first, without those of every object. */
function members(object: object): Map<string, PropertyDescriptor> {
  const found = new Map<string, PropertyDescriptor>();
  for (
    let level: object | null = object;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (!CLASSES.includes(name) && !found.has(name)) found.set(name, descriptor);
    }
  }
  return found;
}

/** Not enumerable, so that printing the client stays readable; writable, so that tests may still stub. */
export function define(object: object, name: string | symbol, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, configurable: true });
}
