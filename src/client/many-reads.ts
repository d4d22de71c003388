// MGET: what is held is answered from memory, only the rest is fetched, in one command.

import type { Flight } from '../cache/flights.js';
import type { Prefix } from '../cache/prefix.js';
import { ExpiryQuestion, isKnown } from './expiry-question.js';
import { isCacheableKey } from './keys.js';
import type { NearCache } from './near-cache.js';
import { goesPast, type NodeRedisV4, repeatable } from './node-redis-v4.js';
import { abortable, type CachedReads } from './reads.js';

/** MGET answers nil for a key that is no string where GET fails: such a nil is held under a name of its own. */
const STRING = 'GET';
const NIL = 'MGET';

/** Where each reply comes from. */
interface Plan {
  readonly replies: unknown[];
  readonly joined: { readonly index: number; readonly flight: Flight }[];
  readonly fetched: { readonly index: number; readonly key: unknown; readonly flight: Flight | undefined }[];
}

export class ManyReads {
  readonly #adapter: NodeRedisV4;
  readonly #near: NearCache;
  readonly #reads: CachedReads;

  constructor(adapter: NodeRedisV4, near: NearCache, reads: CachedReads) {
    this.#adapter = adapter;
    this.#near = near;
    this.#reads = reads;
  }

  /** The method that stands in for the client's `name`. */
  method(name: string): (...args: unknown[]) => Promise<unknown> {
    return (...given) => {
      const args = repeatable(given);
      const { options, rest } = this.#adapter.splitOptions(args);
      const keys = this.#adapter.encode(name, rest)?.slice(1) ?? [];
      const pass = (): Promise<unknown> => this.#adapter.call([name], args) as Promise<unknown>;
      const cacheable = keys.filter((key) => this.#prefix(key) !== undefined) as string[];
      if (options?.signal?.aborted === true || cacheable.length === 0) return pass();
      const { readError } = this.#near;
      if (readError !== undefined) return Promise.reject(readError);
      if (goesPast(options)) return this.#reads.bypass(cacheable, pass);
      const replies = this.#read(name, keys);
      return options?.signal === undefined ? replies : abortable(replies, options.signal, pass);
    };
  }

  async #read(name: string, keys: readonly unknown[]): Promise<unknown[]> {
    const plan: Plan = { replies: new Array(keys.length), joined: [], fetched: [] };
    try {
      for (const [index, key] of keys.entries()) this.#planOne(plan, index, key);
    } catch (error) {
      // A fault of the cache never fails a read.
      for (const { flight } of plan.fetched) if (flight !== undefined) this.#near.coherence.fail(flight);
      this.#near.fault('A read could not be cached.', error);
      return (await this.#adapter.call([name], [keys])) as unknown[];
    }
    const { replies, joined, fetched } = plan;
    if (fetched.length > 0) {
      const batch = this.#fetch(name, fetched);
      for (const [position, { flight }] of fetched.entries()) {
        if (flight === undefined) continue;
        flight.reply = batch.then((values) => values[position]);
        flight.reply.catch(() => {});
      }
      const values = await batch;
      for (const [position, { index }] of fetched.entries()) replies[index] = values[position];
    }
    for (const { index, flight } of joined) replies[index] = await flight.reply;
    return replies;
  }

  #planOne(plan: Plan, index: number, key: unknown): void {
    const held = this.#held(key);
    if (held !== undefined) {
      plan.replies[index] = held;
      return;
    }
    const prefix = this.#prefix(key);
    const flight = prefix && this.#near.coherence.join(key as string, NIL, prefix);
    if (flight === undefined)
      plan.fetched.push({ index, key, flight: prefix && this.#depart(key as string, prefix) });
    else plan.joined.push({ index, flight });
  }

  async #fetch(name: string, fetched: Plan['fetched']): Promise<unknown[]> {
    const questions = fetched.map(({ flight }) =>
      flight === undefined ? ExpiryQuestion.none : this.#reads.askExpiry(flight.key, flight.prefix),
    );
    let values: unknown[];
    try {
      values = (await this.#adapter.call([name], [fetched.map(({ key }) => key)])) as unknown[];
    } catch (error) {
      for (const { flight } of fetched) if (flight !== undefined) this.#near.coherence.fail(flight);
      throw error;
    }
    for (const [position, { key, flight }] of fetched.entries()) {
      if (flight === undefined) {
        if (typeof key === 'string') this.#near.coherence.observed(key);
        continue;
      }
      const expiry = await questions[position]?.answered;
      const value = values[position];
      const missing = isKnown(expiry) && expiry?.exists === false;
      this.#reads.land(flight, value, expiry, value !== null || missing ? STRING : NIL);
    }
    return values;
  }

  #held(key: unknown): unknown {
    if (typeof key !== 'string') return undefined;
    const { coherence } = this.#near;
    const held = coherence.lookup(key, STRING);
    return held !== undefined ? held : coherence.lookup(key, NIL);
  }

  #depart(key: string, prefix: Prefix): Flight | undefined {
    const { coherence, lease } = this.#near;
    if (!coherence.mayFill(lease, prefix)) {
      prefix.bypassed++;
      return undefined;
    }
    return coherence.depart(key, NIL, prefix, lease, this.#near.lifetimes.maxTtlOf({ copy: 'none' }, lease));
  }

  #prefix(key: unknown) {
    return isCacheableKey(key) ? this.#near.coherence.prefixes.match(key) : undefined;
  }
}
