// Every command that the clients of node-redis 4, 5 and 6 can send, with what goes on the wire: their own definitions,
// asked with arguments that bear anything.

import { createRequire } from 'node:module';

const here = createRequire(import.meta.url);

/** The packages that a user may have a client from, the umbrella packages with their default modules. */
export const CLIENTS: readonly string[] = [
  'redis-client-v4',
  'redis-client-v5',
  '@redis/client',
  'redis-v4',
  'redis-v5',
  'redis-v6',
];

export interface ClientCommand {
  readonly client: string;
  /** The method's name, behind that of its module. */
  readonly method: string;
  /** What goes on the wire, as far as it could be found out: at least the command's name. */
  readonly wire: readonly string[];
  /** Those words of it that the client marks as keys; `undefined` if it marks none or they could not be found out. */
  readonly keys: readonly string[] | undefined;
}

/** A command as node-redis defines it: 4 returns what goes on the wire, 5 and 6 push it. */
interface Definition {
  transformArguments?(...args: readonly unknown[]): readonly unknown[];
  parseCommand?(parser: object, ...args: readonly unknown[]): void;
}

/** Members of a transaction that are no commands. */
const NO_COMMANDS = new Set(
  'addCommand commandsExecutor constructor exec EXEC execAsPipeline execAsPipelineTyped execTyped functionsExecutor scriptsExecutor sendCommand'.split(
    ' ',
  ),
);

/** Methods of a transaction that have no definition. */
const undefinedOnes: ReadonlyMap<string, Found> = new Map(
  ['select', 'SELECT'].map((name) => [name, { wire: ['SELECT', '1'], keys: undefined }]),
);

/** @throws Error if the client has a method whose command can't be found out */
export function commandsOf(client: string): readonly ClientCommand[] {
  const { createClient } = here(client) as { createClient(): { options?: object; multi(): object } };
  const connection = createClient();
  const modules = (Reflect.get(connection.options ?? {}, 'modules') ?? {}) as Record<string, object>;
  const transaction = connection.multi();
  const own = named(client, '', coreDefinitions(client), transaction);
  const ofModules = Object.entries(modules).flatMap(([name, definitions]) =>
    named(client, `${name}.`, definitions, Reflect.get(transaction, name) as object),
  );
  return [...own, ...ofModules];
}

/** The client's definitions of what the server itself knows; each method's name is its key. */
function coreDefinitions(client: string): object {
  const isUmbrella = !client.includes('client');
  const require = isUmbrella ? createRequire(here.resolve(client)) : here;
  const core = isUmbrella ? '@redis/client' : client;
  const file = client.endsWith('v4') ? 'dist/lib/client/commands' : 'dist/lib/commands';
  return (require(`${core}/${file}`) as { default: object }).default;
}

/** The definition of every command among an object's methods. */
function named(client: string, prefix: string, definitions: object, methods: object): ClientCommand[] {
  return [...methodsOf(methods)]
    .filter((name) => !NO_COMMANDS.has(name))
    .map((name) => {
      const definition = Reflect.get(definitions, name) as Definition | undefined;
      const found = definition === undefined ? undefinedOnes.get(name) : probed(definition);
      if (found === undefined) throw new Error(`What ${client} sends for ${prefix}${name}() is not known.`);
      return { client, method: prefix + name, ...found };
    });
}

function methodsOf(object: object): Set<string> {
  const names = new Set<string>();
  for (let holder: object | null = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (holder === Object.prototype) break;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (typeof value === 'function') names.add(name);
    }
  }
  return names;
}

type Found = Pick<ClientCommand, 'wire' | 'keys'>;

/** What a definition puts on the wire, by the arguments that get the furthest. */
function probed(definition: Definition): Found | undefined {
  const attempts = ARGUMENTS.map((args) => probe(definition, args));
  const whole = attempts.filter(({ complete }) => complete);
  const [best] = (whole.length > 0 ? whole : attempts).toSorted((a, b) => b.wire.length - a.wire.length);
  if (best === undefined || best.wire.length === 0) return undefined;
  return { wire: best.wire, keys: best.complete && best.keys.length > 0 ? best.keys : undefined };
}

/** Arguments that some command takes. Most take anything. */
const ARGUMENTS: readonly (readonly unknown[])[] = [
  Array.from({ length: 8 }, anything),
  [],
  ['a', 'b', 'c', 'd', 'e'],
  ['a', [], 1],
  ['a', 1, 2, 3, 4, 5],
  ['a', ['b'], ['c'], {}],
  [['a', 'b'], 1, 2],
  [[['a', 'b']]],
  [[{ key: 'a', id: '1', path: '$', value: 1, timestamp: 1, field: 'f' }], 1],
];

function probe(
  definition: Definition,
  args: readonly unknown[],
): { readonly wire: string[]; readonly keys: string[]; readonly complete: boolean } {
  const wire: string[] = [];
  const keys: string[] = [];
  const push = (...words: readonly unknown[]): void => {
    for (const word of words) wire.push(typeof word === 'string' ? word : '?');
  };
  const pushAll = (words: unknown): void => (Array.isArray(words) ? push(...words) : push(words));
  const pushKey = (): void => {
    const key = `key ${keys.length}`;
    keys.push(key);
    wire.push(key);
  };
  const pushKeys = (given: unknown): void => {
    for (let count = Array.isArray(given) ? given.length : 1; count > 0; count--) pushKey();
  };
  const pushCount = (given: unknown): void => push(Array.isArray(given) ? `${given.length}` : '1');
  const parser = {
    push,
    pushKey,
    pushKeys,
    pushKeysLength(given: unknown): void {
      pushCount(given);
      pushKeys(given);
    },
    pushVariadic: pushAll,
    pushVariadicNumber: pushAll,
    pushVariadicWithLength(given: unknown): void {
      pushCount(given);
      pushAll(given);
    },
    redisArgs: wire,
    keys,
  };
  try {
    if (definition.transformArguments !== undefined) push(...definition.transformArguments(...args));
    else definition.parseCommand?.(parser, ...args);
    return { wire, keys, complete: true };
  } catch {
    // What was pushed before it asked too much of its arguments may say enough.
    return { wire, keys, complete: false };
  }
}

/** Can be called, read, iterated over and written out. */
function anything(): unknown {
  return new Proxy(() => {}, {
    apply: anything,
    get(_, name) {
      if (name === Symbol.iterator) return () => ['x'][Symbol.iterator]();
      if (name === Symbol.toPrimitive || name === 'toString') return () => '1';
      if (name === 'length') return 1;
      if (name === 'map') return (callback: (item: unknown) => unknown) => [callback(anything())];
      return typeof name === 'symbol' ? undefined : anything();
    },
  });
}
