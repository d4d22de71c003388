// Builds the client-shaped object: every method, getter and event of the client, with reads, writes and
// transactions led through the cache. Methods run on the real client, whose private fields no other `this` reaches.

import type { CallOptions, ClientAdapter, QueuedCommands, View } from './adapter.js';
import {
  cacheableOf,
  type Effect,
  effectOf,
  effectOfAll,
  NO_EFFECT,
  UNKNOWN,
  type WireCommand,
} from './effect.js';
import { type MethodPath, repeatable } from './methods.js';
import type { OwnCommands } from './own-commands.js';
import { PlainEncoding } from './plain-encoding.js';
import type { Read } from './reads.js';
import { fieldReplyId, nameOfReplies } from './reply-ids.js';
import type { SlotGroups } from './slot-groups.js';

/** A method that stands in for one of the client's; `self` is the facade, or a view of it. */
export type Interceptor = (view: View, args: readonly unknown[], self: object) => unknown;

/** What the facade of the user's client does otherwise than that of a connection that was lent out. */
export interface FacadeRole {
  readonly commands: OwnCommands;
  /** Where commands are taken apart by the slots of their keys. */
  readonly groups?: SlotGroups | undefined;
  /** The hot path of a read of one key, with one text beside it or none: what is held, or `undefined`. */
  held(id: string, key: unknown): Promise<unknown> | undefined;
  /** Answers a read that the cache has a part in; `undefined` for everything else. */
  answer(name: string, read: Read): Promise<unknown> | undefined;
  /** A fault of the cache while a command was prepared. */
  fault(error: unknown): void;
  /** A command's method was found to be the user's own. */
  noticeReplaced(name: string): void;
  connect(view: View, args: readonly unknown[], self: object): unknown;
  closing(): void;
  /** What stands in for a connection that the client lends out. */
  lent(client: object): object;
}

/** `zRangeWithScores` and `ZRANGE_WITHSCORES` are one command. */
export function canonicalName(path: MethodPath): string {
  return path.map((name) => name.replace(/[^a-zA-Z0-9]/g, '').toUpperCase()).join('.');
}

/** Methods whose two texts, if they are texts, go on the wire as they are: worth not encoding them for every hit. */
const READS_OF_A_FIELD: ReadonlySet<string> = new Set(
  'HEXISTS HGET HSTRLEN SISMEMBER ZRANK ZREVRANK ZSCORE'.split(' '),
);

const VIEW = Symbol('view');

export function buildFacade(adapter: ClientAdapter, role: FacadeRole): object {
  // The methods are a prototype's, and enumerable there, as those of the client are.
  const members: object = Object.create(adapter.client);
  const facade: object = Object.create(members);
  define(facade, VIEW, adapter.root);
  const methods = new Methods(adapter, role, facade);
  for (const [name, descriptor] of membersOf(adapter.client)) {
    if (adapter.namespaces.includes(name)) continue;
    if (descriptor.get !== undefined) {
      Object.defineProperty(members, name, {
        get() {
          return Reflect.get(viewOf(this, facade).target, name);
        },
        enumerable: descriptor.enumerable ?? false,
        configurable: true,
      });
    } else if (typeof descriptor.value === 'function') {
      Object.defineProperty(members, name, { ...descriptor, value: methods.method(name) });
    }
  }
  for (const name of adapter.namespaces) {
    const namespaces = new WeakMap<object, object>();
    Object.defineProperty(members, name, {
      get() {
        const self = selfOf(this, facade);
        const namespace = namespaces.get(self) ?? methods.namespace(name, self);
        namespaces.set(self, namespace);
        return namespace;
      },
      configurable: true,
    });
  }
  return facade;
}

/** The facade or a view of it, also for a method that was taken off it. */
function selfOf(self: unknown, facade: object): object {
  return typeof self === 'object' && self !== null && VIEW in self ? self : facade;
}

function viewOf(self: unknown, facade: object): View {
  return Reflect.get(selfOf(self, facade), VIEW) as View;
}

/** What a method that reads is answered with from memory, if it is called on the client itself and without options. */
class HotRead {
  readonly view: View;
  readonly #name: string;
  readonly #takesField: boolean;
  readonly #role: FacadeRole;
  #options: CallOptions | undefined;
  #id: string | undefined;

  constructor(name: string, takesField: boolean, view: View, role: FacadeRole) {
    this.#name = name;
    this.#takesField = takesField;
    this.view = view;
    this.#role = role;
  }

  plain(key: unknown): Promise<unknown> | undefined {
    if (this.view.options !== this.#options) this.#follow();
    return this.#id === undefined ? undefined : this.#role.held(this.#id, key);
  }

  field(key: unknown, field: unknown): Promise<unknown> | undefined {
    if (!this.#takesField || typeof field !== 'string') return undefined;
    if (this.view.options !== this.#options) this.#follow();
    return this.#id === undefined ? undefined : this.#role.held(fieldReplyId(this.#id, field), key);
  }

  /** Views of some clients change the client itself. */
  #follow(): void {
    const { options } = this.view;
    this.#options = options;
    const passes = options.past || options.signal !== undefined;
    this.#id = passes ? undefined : nameOfReplies(this.#name + options.types);
  }
}

class Methods {
  readonly #adapter: ClientAdapter;
  readonly #role: FacadeRole;
  readonly #facade: object;

  constructor(adapter: ClientAdapter, role: FacadeRole, facade: object) {
    this.#adapter = adapter;
    this.#role = role;
    this.#facade = facade;
  }

  method(name: string): (...args: unknown[]) => unknown {
    const facade = this.#facade;
    if (this.#isCommand(name)) return this.#command([name]);
    const interceptor = this.#interceptor(name);
    return function (this: unknown, ...args) {
      const self = selfOf(this, facade);
      return interceptor(viewOf(self, facade), args, self);
    };
  }

  /** A module's or function library's methods, as `self` sees them. */
  namespace(name: string, self: object): object {
    const { target } = viewOf(self, this.#facade);
    const wrapped: object = Object.create(Reflect.get(target, name) as object);
    for (const [method, descriptor] of membersOf(Object.getPrototypeOf(wrapped))) {
      if (typeof descriptor.value !== 'function') continue;
      const command = this.#command([name, method]);
      define(wrapped, method, (...args: unknown[]) => command.apply(self, args));
    }
    return wrapped;
  }

  #isCommand(name: string): boolean {
    return (
      !Object.hasOwn(this.#adapter.ownMethods, name) &&
      name !== 'sendCommand' &&
      name !== 'connect' &&
      this.#adapter.isCommand(name) &&
      !this.#adapter.isReplaced(name)
    );
  }

  #command(path: MethodPath): (...args: unknown[]) => unknown {
    const name = canonicalName(path);
    const facade = this.#facade;
    const role = this.#role;
    const methods = this;
    const hot = new HotRead(name, path.length === 1 && READS_OF_A_FIELD.has(name), this.#adapter.root, role);
    const { keyPrefix } = this.#adapter;
    const plain =
      path.length === 1 && keyPrefix !== undefined ? new PlainEncoding(name, keyPrefix) : undefined;
    /** Whether this method was seen to be a read that the cache has a part in. */
    let isRead = false;
    const look = function (this: unknown, ...args: unknown[]): unknown {
      const view = viewOf(this, facade);
      let read: Read | undefined;
      try {
        read = methods.#read(view, path, args, plain);
        const answer = read && role.answer(name, read);
        if (answer !== undefined) {
          isRead = true;
          return answer;
        }
      } catch (error) {
        // A fault of the cache never fails a read.
        role.fault(error);
      }
      if (role.groups === undefined || read === undefined)
        return methods.#send(effectOfCommand(path, read?.wire), view, path, read?.args ?? args);
      return role.groups.run(read, (part) => methods.#send(effectOf(part.wire), view, path, part.args));
    };
    // The hot path: nothing to serialise, no closure, no copy for scalars. Not even an array of arguments: one that is
    // handed on anywhere is made for every hit, at a fifth of its cost.
    return function command(this: unknown): unknown {
      // biome-ignore lint/complexity/noArguments: see above
      const { length } = arguments;
      if (isRead && this === facade && length <= 2) {
        try {
          // biome-ignore lint/complexity/noArguments: see above
          const held = length === 1 ? hot.plain(arguments[0]) : hot.field(arguments[0], arguments[1]);
          if (held !== undefined) return held;
        } catch (error) {
          role.fault(error);
        }
      }
      // biome-ignore lint/complexity/noArguments: see above
      return look.apply(this, arguments as unknown as unknown[]);
    };
  }

  /** `undefined` for arguments that the client refuses. */
  #read(view: View, path: MethodPath, given: readonly unknown[], plain?: PlainEncoding): Read | undefined {
    const seen = plain?.of(given);
    if (seen !== undefined)
      return { view, path, args: given, ...this.#adapter.optionsOf(view, given), wire: seen };
    const args = repeatable(given);
    const { options, rest } = this.#adapter.optionsOf(view, args);
    const wire = this.#adapter.encode(path, rest);
    if (wire !== undefined) plain?.learn(args, wire);
    return wire && { view, path, args, rest, options, wire };
  }

  #interceptor(name: string): Interceptor {
    const adapter = this.#adapter;
    const role = this.#role;
    const forward: Interceptor = (view, args, self) => {
      const result = adapter.call(view, [name], args);
      return result === view.target ? self : result;
    };
    const around =
      (effect: Effect): Interceptor =>
      (view, args) =>
        this.#send(effect, view, [name], args);
    if (name === 'sendCommand') {
      return (view, args) => this.#send(effectOfRaw(args), view, [name], args);
    }
    if (name === 'connect') return (view, args, self) => role.connect(view, args, self);
    // Iterators call methods of the client: on the wrapped one, so that what they read is seen.
    const kind = adapter.ownMethods[name] ?? (name.endsWith('Iterator') ? 'calls' : undefined);
    switch (kind) {
      case 'closes':
        return (...call) => {
          role.closing();
          return forward(...call);
        };
      case 'calls':
        return (_, args, self) =>
          (Reflect.get(adapter.client, name) as (...args: unknown[]) => unknown).apply(self, [...args]);
      case 'multi':
        return (_, args, self) =>
          adapter.transaction(self, args, (queue, run) => this.#around(effectOfQueue(queue), run));
      case 'executes':
        return (view, args) => this.#execute(view, name, args);
      case 'views':
        return (view, args) => this.#view(adapter.call(view, [name], args) as object);
      case 'lends':
        return (view, [use, ...rest]) => {
          const lend = (client: object): unknown => (use as (client: object) => unknown)(role.lent(client));
          return adapter.call(view, [name], [typeof use === 'function' ? lend : use, ...rest]);
        };
      case 'gives':
        return (view, args) => {
          const given = adapter.call(view, [name], args) as object | Promise<object>;
          return given instanceof Promise ? given.then(role.lent) : role.lent(given);
        };
      case 'holds':
        return around({ ...NO_EFFECT, hold: true });
      case 'releases':
        return around({ ...NO_EFFECT, release: true });
      case 'resets':
        return around({ ...NO_EFFECT, flush: true, stray: true, release: name === 'reset' });
      case 'passes':
        return forward;
      case 'opaque':
        return around(UNKNOWN);
      default:
        return adapter.isCommand(name) ? this.#replaced(name) : forward;
    }
  }

  /** What was put in a command's place is not cached; what it may write is not ours to see. */
  #replaced(name: string): Interceptor {
    return (view, args) => {
      this.#role.noticeReplaced(name);
      const wire = this.#read(view, [name], args)?.wire;
      const isRead = wire !== undefined && cacheableOf(wire) !== undefined;
      return this.#send(isRead ? NO_EFFECT : UNKNOWN, view, [name], args);
    };
  }

  /** The same client with other options, as node-redis makes them: an object that inherits from it. */
  #view(target: object): object {
    const self: object = Object.create(this.#facade);
    define(self, VIEW, this.#adapter.viewOf(target));
    define(self, '_commandOptions', Reflect.get(target, '_commandOptions'));
    return self;
  }

  #send(effect: Effect, view: View, path: MethodPath, args: readonly unknown[]): unknown {
    return this.#around(effect, () => this.#adapter.call(view, path, args));
  }

  #around(effect: Effect, send: () => unknown): unknown {
    return this.#role.commands.concerns(effect)
      ? this.#role.commands.around(effect, send as () => Promise<unknown>)
      : send();
  }

  /** Runs a transaction or pipeline. Only the former ends with EXEC. */
  #execute(view: View, name: string, args: readonly unknown[]): unknown {
    // A sentinel's is told first whether it only reads.
    const effect = effectOfQueue(args.find(Array.isArray));
    const release = effect.release || this.#adapter.isTransaction(name, args);
    return this.#send({ ...effect, release }, view, [name], args);
  }
}

function effectOfQueue(queue: QueuedCommands | undefined): Effect {
  return Array.isArray(queue) ? effectOfAll(queue.map((command) => command.args)) : UNKNOWN;
}

/** The command is the only array that clients and clusters take. */
function effectOfRaw(args: readonly unknown[]): Effect {
  const wire = args.find(Array.isArray);
  return wire === undefined ? UNKNOWN : effectOf(wire);
}

/** Arguments that the client refuses send nothing; those of a module's, script's or function's own are not ours to know. */
function effectOfCommand(path: MethodPath, wire: WireCommand | undefined): Effect {
  if (wire !== undefined) return effectOf(wire);
  return path.length > 1 ? UNKNOWN : NO_EFFECT;
}

/** Members that are classes: they stay as they are. */
const CLASSES = ['constructor', 'Multi'];

/** Named members of an object and its prototypes, nearest first, without those of every object. */
function membersOf(object: object): Map<string, PropertyDescriptor> {
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
