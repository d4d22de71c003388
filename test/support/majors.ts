// The kinds of node-redis client that a near cache can be put around: how each is made, and what is particular to it.

import * as v6 from '@redis/client';
import * as v4 from 'redis-client-v4';
import * as v5 from 'redis-client-v5';
import { type NearCacheOptions, withNearCache } from 'redis-near-cache';
import { type Arguments, type Client, call, type Near } from './client.js';

export type KindName = 'v4' | 'v5' | 'v5 RESP 3' | 'v6' | 'v6 RESP 2' | 'v5 pool' | 'v6 pool';

/** Calls a method of a client in some way of its own: with options, through a view. */
export type Caller = (client: Client, method: string, args: Arguments) => unknown;

export interface Kind {
  readonly name: KindName;
  readonly major: 4 | 5 | 6;
  readonly resp: 2 | 3;
  /** Many connections: commands overtake each other; no `isReady`, pub/sub, `watch`, `select`, iterators. */
  readonly pool: boolean;
  /** A client that is not connected yet; its `error` events are listened to. */
  create(url: string, options?: Readonly<Record<string, unknown>>): Client;
  /** Strings of the reply as Buffers. */
  readonly asBytes: Caller;
  readonly asap: Caller;
  /** A read that the signal may abort. */
  withSignal(signal: AbortSignal): Caller;
  /** A command of a script (no words), a function (no words) or a module, whose first argument is its key. */
  command(...words: string[]): object;
  /** A script of one key. */
  script(lua: string): object;
  /** The method that lends a connection of its own, where there is one. */
  readonly isolating: 'executeIsolated' | 'execute' | undefined;
  /** Names of the methods that close the client: those that wait for replies first, then those that do not. */
  readonly closing: readonly string[];
}

type Maker = (options: Readonly<Record<string, unknown>>) => unknown;

const CLIENTS: Readonly<Record<4 | 5 | 6, Maker>> = {
  4: (options) => v4.createClient(options),
  5: (options) => v5.createClient(options),
  6: (options) => v6.createClient(options),
};
const POOLS: Readonly<Record<5 | 6, Maker>> = {
  5: (options) => v5.createClientPool(options, { minimum: 2 }),
  6: (options) => v6.createClientPool(options, { minimum: 2 }),
};

/** Codes of RESP types, equal in all majors that have them. */
export const { RESP_TYPES } = v6;

const V4: Kind = {
  name: 'v4',
  major: 4,
  resp: 2,
  pool: false,
  create: (url, options) => listened(CLIENTS[4]({ url, ...options })),
  asBytes: withOptions({ returnBuffers: true }),
  asap: withOptions({ asap: true }),
  withSignal: (signal) => withOptions({ signal }),
  command: (...words) => ({
    FIRST_KEY_INDEX: words.length,
    transformArguments: (key: string, ...rest: string[]) => [...words, key, ...rest],
    transformReply: (reply: unknown) => reply,
  }),
  script: (lua) =>
    v4.defineScript({
      NUMBER_OF_KEYS: 1,
      SCRIPT: lua,
      transformArguments: (key: string, ...rest: string[]) => [key, ...rest],
      transformReply: (reply: unknown) => reply,
    }),
  isolating: 'executeIsolated',
  closing: ['quit', 'QUIT', 'disconnect'],
};

function withOptions(options: object): Caller {
  return (client, method, args) => call(client, method, [v4.commandOptions(options), ...args]);
}

/** As the parsers of v5 and v6 are. */
interface Parser {
  push(...words: string[]): void;
  pushKey(key: string): void;
}

function later(name: KindName, major: 5 | 6, resp: 2 | 3, pool: boolean): Kind {
  const make = pool ? POOLS[major] : CLIENTS[major];
  // The default is not named: that it is what it is taken for is part of the matter.
  const protocol = resp === (major === 5 ? 2 : 3) ? {} : { RESP: resp };
  const command = (...words: string[]): object => ({
    parseCommand(parser: Parser, key: string, ...rest: string[]) {
      parser.push(...words);
      parser.pushKey(key);
      parser.push(...rest);
    },
    transformReply: undefined,
  });
  const view = (way: string, ...options: unknown[]): Caller => {
    return (client, method, args) => call(call(client, way, options) as object, method, args);
  };
  return {
    name,
    major,
    resp,
    pool,
    create: (url, options) => listened(make({ url, ...protocol, ...options })),
    asBytes: view('withTypeMapping', { [RESP_TYPES.BLOB_STRING]: Buffer }),
    asap: view('asap'),
    withSignal: (signal) => view('withAbortSignal', signal),
    command,
    script: (lua) => ({
      ...v6.defineScript({
        NUMBER_OF_KEYS: 1,
        SCRIPT: lua,
        parseCommand: () => {},
        transformReply: undefined as unknown as () => unknown,
      }),
      ...command(),
    }),
    isolating: pool ? 'execute' : undefined,
    closing: pool ? ['close', 'destroy'] : ['close', 'quit', 'QUIT', 'disconnect', 'destroy'],
  };
}

function listened(client: unknown): Client {
  (client as Client).on('error', () => {});
  return client as Client;
}

export const KINDS: readonly Kind[] = [
  V4,
  later('v5', 5, 2, false),
  later('v5 RESP 3', 5, 3, false),
  later('v6', 6, 3, false),
  later('v6 RESP 2', 6, 2, false),
  later('v5 pool', 5, 2, true),
  later('v6 pool', 6, 3, true),
];

/** Kinds with one connection: pub/sub, WATCH, SELECT, iterators, replies in order. */
export const SESSIONS = KINDS.filter(({ pool }) => !pool);
/** Kinds whose replies can be mapped to other types. */
export const MAPPED = KINDS.filter(({ major }) => major > 4);

/** @throws Error for a name that is none */
export function kindOf(name: string): Kind {
  const kind = KINDS.find((candidate) => candidate.name === name);
  if (kind === undefined)
    throw new Error(`No kind ${name}: one of ${KINDS.map((each) => each.name).join(', ')}.`);
  return kind;
}

/** `withNearCache()` for clients whose kind is a parameter. */
export function wrap<C extends Client>(client: C, options: NearCacheOptions): Near<C> {
  return withNearCache(
    client as unknown as Parameters<typeof withNearCache>[0],
    options,
  ) as unknown as Near<C>;
}

/** Closes a client of any kind at once. */
export async function discard(client: Client): Promise<void> {
  if (client.isOpen) await call(client, 'destroy' in client ? 'destroy' : 'disconnect');
}

/** For `describe.each()`. */
export function byName(kinds: readonly Kind[]): [name: KindName, kind: Kind][] {
  return kinds.map((kind) => [kind.name, kind]);
}
