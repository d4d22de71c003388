// MGET: what is held is answered from memory, only the rest is fetched, in one command per node, on a cluster per slot.

import type { Flight } from '../cache/flights.js';
import type { Prefix } from '../cache/prefix.js';
import { grouped } from '../routing/slots.js';
import type { ClientAdapter } from './adapter.js';
import type { Before, DataNode } from './connections/connections.js';
import { ExpiryQuestion, isKnown } from './expiry-question.js';
import { isCacheableKey } from './keys.js';
import type { NearCache } from './near-cache.js';
import { abortable, type CachedReads, isThere, isTimeout, type Read } from './reads.js';
import { copyReply } from './reply-types.js';
import { bySlot, isSendable, isTryAgain, type SlotGroups } from './slot-groups.js';

/** MGET answers nil for a key that is no string where GET fails: such a nil is held under a name of its own. */
const STRING = 'GET';
const NIL = 'MGET';

interface Fetched {
  readonly index: number;
  readonly key: unknown;
  /** Where a reply comes from that may be stored. */
  readonly going: { readonly flight: Flight; readonly node: DataNode } | undefined;
}

/** Where each reply comes from. */
interface Plan {
  readonly replies: unknown[];
  readonly joined: { readonly index: number; readonly flight: Flight }[];
  readonly fetched: Fetched[];
}

export class ManyReads {
  readonly #adapter: ClientAdapter;
  readonly #near: NearCache;
  readonly #reads: CachedReads;
  readonly #groups: SlotGroups | undefined;

  constructor(adapter: ClientAdapter, near: NearCache, reads: CachedReads, groups: SlotGroups | undefined) {
    this.#adapter = adapter;
    this.#near = near;
    this.#reads = reads;
    this.#groups = groups;
  }

  answer(read: Read): Promise<unknown> {
    const { options, wire } = read;
    const keys = wire.slice(1);
    const pass = (): Promise<unknown> => this.#pass(read);
    const cacheable = keys.filter((key) => this.#prefix(key) !== undefined) as string[];
    const refused = options.signal?.aborted === true || (this.#groups !== undefined && !isSendable(wire));
    if (refused || cacheable.length === 0) return pass();
    const { readError } = this.#near;
    if (readError !== undefined) return Promise.reject(readError);
    if (options.past || options.alone) return this.#reads.bypass(cacheable, pass);
    const replies = this.#read(read, keys);
    return options.signal === undefined ? replies : abortable(replies, options.signal, pass);
  }

  async #read(read: Read, keys: readonly unknown[]): Promise<unknown[]> {
    const plan: Plan = { replies: new Array(keys.length), joined: [], fetched: [] };
    try {
      for (const [index, key] of keys.entries()) this.#planOne(plan, index, key, read.options.types);
    } catch (error) {
      // A fault of the cache never fails a read.
      this.#fail(plan.fetched);
      this.#near.fault('A read could not be cached.', error);
      return (await this.#pass(read)) as unknown[];
    }
    const { replies, joined, fetched } = plan;
    if (fetched.length > 0) {
      const groups = (this.#groups === undefined ? [fetched] : bySlot(fetched)).flatMap(byNode);
      const batches = await Promise.all(groups.map((group) => this.#send(read, group, groups.length > 1)));
      for (const [batch, group] of groups.entries()) {
        for (const [position, { index }] of group.entries())
          replies[index] = copyReply(batches[batch]?.[position]);
      }
    }
    for (const { index, flight } of joined) replies[index] = copyReply(await this.#joined(read, flight));
    return replies;
  }

  /** The patience of the one who asked first is not that of those who joined (rule C16). */
  async #joined(read: Read, flight: Flight): Promise<unknown> {
    try {
      return await flight.reply;
    } catch (error) {
      if (!read.options.impatient || !isTimeout(error)) throw error;
      return this.#past(flight.key, () => this.#call(read, flight.key));
    }
  }

  /** A node has only some of these keys, which are being moved: each is asked for, shared as the whole was. */
  async #oneByOne(read: Read, fetched: readonly Fetched[]): Promise<unknown[]> {
    const { path, view } = read;
    const values: unknown[] = [];
    // One after the other: see SlotGroups.
    for (const { key, going } of fetched) {
      const ask = (): Promise<unknown> => {
        if (going === undefined) return this.#call(read, key);
        const { flight, node } = going;
        const detoured = (): void => this.#near.detoured([flight.key]);
        const args = [[this.#near.keys.argument(key)]];
        const trusted = node.missesMoves === true ? (reply: unknown) => isThere(reply, []) : undefined;
        return this.#adapter.read(view, path, args, { node, before: () => {}, trusted, detoured });
      };
      values.push(await this.#past(key, ask));
    }
    return values;
  }

  /** One key, past the cache. */
  async #past(key: unknown, ask: () => Promise<unknown>): Promise<unknown> {
    const [reply] = (await this.#reads.bypass(typeof key === 'string' ? [key] : [], ask)) as unknown[];
    return reply;
  }

  /** A key as it goes on the wire. */
  #call({ path, view }: Read, key: unknown): Promise<unknown> {
    return this.#adapter.call(view, path, [[this.#near.keys.argument(key)]]) as Promise<unknown>;
  }

  #pass(read: Read): Promise<unknown> {
    const call = ({ view, path, args }: Read): unknown => this.#adapter.call(view, path, args);
    return (this.#groups === undefined ? call(read) : this.#groups.run(read, call)) as Promise<unknown>;
  }

  #send(read: Read, fetched: readonly Fetched[], isPart: boolean): Promise<unknown[]> {
    const batch = this.#fetch(read, fetched, isPart);
    for (const [position, { going }] of fetched.entries()) {
      if (going === undefined) continue;
      going.flight.reply = batch.then((values) => values[position]);
      going.flight.reply.catch(() => {});
    }
    return batch;
  }

  #fail(fetched: readonly Fetched[]): void {
    for (const { going } of fetched) if (going !== undefined) this.#reads.fail(going.flight);
  }

  #planOne(plan: Plan, index: number, key: unknown, types: string): void {
    const held = this.#held(key, types);
    if (held !== undefined) {
      plan.replies[index] = copyReply(held);
      return;
    }
    const prefix = this.#prefix(key);
    const flight = prefix && this.#near.coherence.join(key as string, NIL + types, prefix);
    if (flight === undefined)
      plan.fetched.push({ index, key, going: prefix && this.#depart(key as string, types, prefix) });
    else plan.joined.push({ index, flight });
  }

  async #fetch(read: Read, fetched: readonly Fetched[], isPart: boolean): Promise<unknown[]> {
    const { options, path, view } = read;
    let questions: readonly ExpiryQuestion[] = [];
    let values: unknown[];
    try {
      const args = [fetched.map(({ key }) => this.#near.keys.argument(key))];
      const node = fetched.find(({ going }) => going !== undefined)?.going?.node;
      if (node === undefined) {
        values = (await this.#adapter.call(view, path, args)) as unknown[];
      } else {
        const before: Before = (send) => {
          questions = fetched.map(({ going }) =>
            going === undefined
              ? ExpiryQuestion.none
              : this.#reads.askExpiry(going.flight.key, going.flight.prefix, node, send),
          );
        };
        const detoured = (): void =>
          this.#near.detoured(fetched.flatMap(({ going }) => going?.flight.key ?? []));
        const trusted = node.missesMoves === true ? (reply: unknown) => isThere(reply, questions) : undefined;
        const journey = { node, before, isPart, trusted, detoured };
        values = (await this.#adapter.read(view, path, args, journey)) as unknown[];
      }
    } catch (error) {
      this.#fail(fetched);
      if (isTryAgain(error)) return this.#oneByOne(read, fetched);
      throw error;
    }
    for (const [position, { key, going }] of fetched.entries()) {
      if (going === undefined) {
        if (typeof key === 'string') this.#near.coherence.observed(key);
        continue;
      }
      const expiry = await (questions[position] ?? ExpiryQuestion.neverAsked).answered;
      const value = values[position];
      const missing = isKnown(expiry) && expiry?.exists === false;
      const name = value !== null || missing ? STRING : NIL;
      this.#reads.land(going.flight, value, expiry, options.bytes, name + options.types);
    }
    return values;
  }

  #held(key: unknown, types: string): unknown {
    if (typeof key !== 'string') return undefined;
    const { coherence } = this.#near;
    const held = coherence.lookup(key, STRING + types);
    return held !== undefined ? held : coherence.lookup(key, NIL + types);
  }

  #depart(key: string, types: string, prefix: Prefix): Fetched['going'] {
    const { coherence, lifetimes } = this.#near;
    const route = this.#near.routeOf([key]);
    if (route === undefined || !coherence.mayFill(route.lease, prefix)) {
      prefix.bypassed++;
      return undefined;
    }
    const { lease, node } = route;
    const maxTtl = lifetimes.maxTtlOf({}, lease);
    return { flight: coherence.depart(key, NIL + types, prefix, lease, { maxTtl }), node };
  }

  #prefix(key: unknown) {
    return isCacheableKey(key) ? this.#near.coherence.prefixes.match(key) : undefined;
  }
}

/** Keys of one node go together; those that are not stored go with those of the primary, where the client itself leads. */
function byNode(fetched: readonly Fetched[]): Fetched[][] {
  const where = ({ going }: Fetched): string => (going?.node.unfit === undefined ? '' : going.node.id);
  return [...grouped(fetched, where).values()];
}
