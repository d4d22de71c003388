// What the clients of all majors have in common, as far as tests call it by name. The rest is called by `call()`.

import type { NearCache } from 'redis-near-cache';

export type Arguments = readonly unknown[];
export type Listener = (message: string, channel: string) => void;

/** A transaction or pipeline, in the spellings that all majors share. */
export interface Transaction {
  get(key: string): Transaction;
  set(key: string, value: string): Transaction;
  SET(key: string, value: string): Transaction;
  del(key: string): Transaction;
  incr(key: string): Transaction;
  addCommand(wire: readonly string[]): Transaction;
  exec(asPipeline?: boolean): Promise<unknown[]>;
  EXEC(asPipeline?: boolean): Promise<unknown[]>;
  execAsPipeline(): Promise<unknown[]>;
}

/** Any client or pool of node-redis. A pool has no `isReady`, no pub/sub, no `watch`, `select` and iterators. */
export interface Client {
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options: object;
  connect(): Promise<unknown>;
  ping(): Promise<unknown>;
  get(key: string): Promise<string | null>;
  GET(key: string): Promise<string | null>;
  mGet(keys: readonly string[]): Promise<(string | null)[]>;
  exists(key: string | readonly string[]): Promise<number>;
  getRange(key: string, start: number, end: number): Promise<string>;
  hGet(key: string, field: string): Promise<string | null | undefined>;
  hGetAll(key: string): Promise<Record<string, string>>;
  lRange(key: string, start: number, stop: number): Promise<string[]>;
  sMembers(key: string): Promise<string[]>;
  zRangeWithScores(key: string, start: number, stop: number): Promise<{ value: string; score: number }[]>;
  set(key: string, value: string): Promise<unknown>;
  SET(key: string, value: string): Promise<unknown>;
  mSet(pairs: readonly (readonly [string, string])[]): Promise<unknown>;
  del(key: string | readonly string[]): Promise<number>;
  rPush(key: string, values: string | readonly string[]): Promise<number>;
  hSet(key: string, values: Readonly<Record<string, string>>): Promise<number>;
  sAdd(key: string, members: string | readonly string[]): Promise<number>;
  zAdd(key: string, member: { readonly score: number; readonly value: string }): Promise<number>;
  publish(channel: string, message: string): Promise<number>;
  sendCommand(wire: readonly string[]): Promise<unknown>;
  multi(): Transaction;
  MULTI(): Transaction;
}

/** A client of a kind that has one connection of its own. */
export interface Session extends Client {
  watch(key: string): Promise<unknown>;
  unwatch(): Promise<unknown>;
  select(database: number): Promise<unknown>;
  subscribe(channel: string, listener: Listener): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  duplicate(): Session;
}

export type Near<C extends Client = Client> = C & {
  readonly near: NearCache;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Calls a method that is known by name only, of the client or (`json.get`) of something in it. */
export function call(target: object, path: string, args: Arguments = []): unknown {
  const names = path.split('.');
  const method = names.pop() ?? '';
  let owner = target;
  for (const name of names) owner = Reflect.get(owner, name) as object;
  return (Reflect.get(owner, method) as (...args: unknown[]) => unknown).apply(owner, [...args]);
}

export function has(target: object, method: string): boolean {
  return typeof Reflect.get(target, method) === 'function';
}

/** What comes of a call: its reply, or its error. */
export type Outcome = { readonly reply: unknown } | { readonly error: unknown };

/** Settles with what comes of a call, however it fails. */
export async function outcome(send: () => unknown): Promise<Outcome> {
  try {
    return { reply: await send() };
  } catch (error) {
    return { error };
  }
}
