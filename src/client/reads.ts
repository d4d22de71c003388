// Answers cached reads: from memory, by joining a read under way, or by sending one (rules C1 to C3, C13, C16).

import type { Coherence } from '../cache/coherence.js';
import type { Entry, Reply } from '../cache/entry.js';
import type { Flight } from '../cache/flights.js';
import type { Prefix } from '../cache/prefix.js';
import type { CallOptions, ClientAdapter, View } from './adapter.js';
import type { Before, DataNode } from './connections/connections.js';
import { type Cacheable, cacheableOf, type WireCommand } from './effect.js';
import { type AskedExpiry, combined, ExpiryQuestion, isKnown } from './expiry-question.js';
import { isCacheableKey, type KeySpace } from './keys.js';
import type { MethodPath } from './methods.js';
import type { NearCache } from './near-cache.js';
import { onAnswer } from './own-commands.js';
import { replyId } from './reply-ids.js';
import { copyOf, copyReply, heldForm, holdsBytes, isCopyable, SCALAR_REPLIES } from './reply-types.js';

/** One call of a read command, taken apart. */
export interface Read {
  readonly view: View;
  readonly path: MethodPath;
  /** As they were given, options included. */
  readonly args: readonly unknown[];
  /** Without options. */
  readonly rest: readonly unknown[];
  readonly options: CallOptions;
  readonly wire: WireCommand;
}

/** A read whose keys can all be cached. */
interface CoveredRead {
  readonly read: Read;
  readonly name: string;
  readonly id: string;
  readonly key: string;
  readonly others: readonly string[];
  readonly prefix: Prefix;
  readonly how: Cacheable['how'];
}

const NO_OTHERS: readonly string[] = [];
const NEVER_ASKED: readonly ExpiryQuestion[] = [ExpiryQuestion.neverAsked];

/** What all answers together say, if they are all there. */
function answerTo(questions: readonly ExpiryQuestion[]): { readonly known: AskedExpiry } | undefined {
  const [question] = questions;
  if (questions.length === 1 && question !== undefined)
    return question.known && { known: question.known.answer };
  if (questions.some(({ known }) => known === undefined)) return undefined;
  return { known: combined(questions.map(({ known }) => known?.answer)) };
}

export class CachedReads {
  readonly #adapter: ClientAdapter;
  readonly #near: NearCache;
  readonly #coherence: Coherence;
  readonly #keys: KeySpace;

  constructor(adapter: ClientAdapter, near: NearCache) {
    this.#adapter = adapter;
    this.#near = near;
    this.#coherence = near.coherence;
    this.#keys = near.keys;
  }

  /** The hot path: what is held under this name for a key as users write it. */
  held(id: string, key: unknown): Promise<unknown> | undefined {
    if (typeof key !== 'string') return undefined;
    const reply = this.#coherence.hit(this.#keys.onWire(key), id);
    return reply === undefined ? undefined : handedOut(reply);
  }

  /** Answers a read, or returns `undefined` for a command whose replies are not cached. */
  answer(name: string, read: Read): Promise<unknown> | undefined {
    const cacheable = cacheableOf(read.wire);
    if (cacheable === undefined) return undefined;
    const covered = this.#covered(name, read, cacheable);
    if (covered === undefined) return this.#uncovered(read, cacheable.keys);
    const { readError } = this.#near;
    if (readError !== undefined) return Promise.reject(readError);
    const { options } = read;
    const { key, id } = covered;
    if (options.past) return this.#bypass(covered);
    if (options.signal?.aborted === true) return this.#pass(read);
    const { coherence } = this.#near;
    const held = coherence.lookup(key, id);
    if (held !== undefined) return Promise.resolve(copyReply(held));
    const suspected = coherence.suspected(key, id);
    const reply = suspected === undefined ? this.#fetch(covered) : this.#onceProven(suspected, covered);
    return options.signal === undefined ? reply : abortable(reply, options.signal, () => this.#pass(read));
  }

  /** Keys that can't be cached, or none registered: nothing to do with the cache but what the reply tells. */
  #uncovered(read: Read, keys: readonly unknown[]): Promise<unknown> {
    const registered = keys.filter(
      (key): key is string => isCacheableKey(key) && this.#near.coherence.prefixes.match(key) !== undefined,
    );
    if (registered.length === 0) return this.#pass(read);
    return this.bypass(registered, () => this.#pass(read));
  }

  #covered(name: string, read: Read, { how, keys, rest }: Cacheable): CoveredRead | undefined {
    // What a method keeps for the reply without sending it, such as a reviver, makes it another reply.
    const kept: unknown = Reflect.get(read.wire, 'preserve');
    if (!isCopyable(kept)) return undefined;
    const types = kept === undefined ? read.options.types : `${read.options.types}\0${JSON.stringify(kept)}`;
    const id = replyId(name, rest, types);
    const [key] = keys;
    if (id === undefined || !isCacheableKey(key)) return undefined;
    const { prefixes } = this.#near.coherence;
    const prefix = prefixes.match(key);
    if (prefix === undefined) return undefined;
    if (keys.length === 1) return { read, name, id, key, others: NO_OTHERS, prefix, how };
    const others = [...new Set(keys)].slice(1);
    const covered = others.every((other) => isCacheableKey(other) && prefixes.match(other) !== undefined);
    return covered ? { read, name, id, key, others: others as string[], prefix, how } : undefined;
  }

  /** The reply is held, but something newer may have been seen of its key: a proof costs less than another read. */
  async #onceProven({ floorAt, lease }: Entry, covered: CoveredRead): Promise<unknown> {
    await this.#near.proven(floorAt, lease);
    const held = this.#near.coherence.lookup(covered.key, covered.id);
    return held === undefined ? this.#fetch(covered) : copyReply(held);
  }

  #fetch(covered: CoveredRead): Promise<unknown> {
    const { coherence } = this.#near;
    const { key, id, name, prefix, read } = covered;
    const { options } = read;
    if (options.alone) return this.#bypass(covered);
    const joined = coherence.join(key, id, prefix)?.reply;
    const reply = joined ?? this.#send(covered);
    if (reply === undefined) return this.#bypass(covered);
    // The client's own promise settles in its turn among those of other commands: worth keeping where it can be.
    const own =
      options.typed || !SCALAR_REPLIES.has(name)
        ? reply.then((value) => this.#handOut(covered, value, joined !== undefined))
        : reply;
    if (joined === undefined || !options.impatient) return own;
    // The client gave up the read of the one who asked first: that is no reason for those who joined it (rule C16).
    return own.catch((error: unknown) => {
      if (!isTimeout(error)) throw error;
      return this.#bypass(covered);
    });
  }

  /** What can't be copied is for the one who asked first; those who joined ask for themselves. */
  #handOut(covered: CoveredRead, value: unknown, joined: boolean): unknown {
    return !joined || isCopyable(value) ? copyReply(value) : this.#bypass(covered);
  }

  /** Sends the read, if its reply may be stored. */
  #send({ how, id, key, others, prefix, read }: CoveredRead): Promise<unknown> | undefined {
    const { coherence, lifetimes } = this.#near;
    const { options, path, rest, view } = read;
    const keys = others.length === 0 ? [key] : [key, ...others];
    const route = this.#near.routeOf(keys);
    if (route === undefined) return undefined;
    const { lease, node } = route;
    if (!coherence.mayFill(lease, prefix)) return undefined;
    for (const other of others) {
      const itsPrefix = coherence.prefixes.match(other);
      if (itsPrefix === undefined || !coherence.mayFill(lease, itsPrefix)) return undefined;
    }
    const maxTtl = lifetimes.maxTtlOf(how, lease);
    const flight = coherence.depart(key, id, prefix, lease, { maxTtl, others });
    let questions = NEVER_ASKED;
    try {
      const before: Before = (send) => {
        questions = keys.map((asked) => this.askExpiry(asked, prefix, node, send));
      };
      const detoured = (): void => this.#near.detoured(keys);
      const trusted = node.missesMoves === true ? (value: unknown) => isThere(value, questions) : undefined;
      flight.reply = this.#adapter.read(view, path, rest, { node, before, trusted, detoured });
    } catch (error) {
      this.fail(flight);
      throw error;
    }
    // On the side: readers get the client's own promise, which settles in its turn among those of other commands, and
    // their continuations run after this one.
    flight.reply.then(
      (value) => {
        const answer = answerTo(questions);
        if (answer !== undefined) this.land(flight, value, answer.known, options.bytes);
        else
          void Promise.all(questions.map(({ answered }) => answered)).then((answers) =>
            this.land(flight, value, combined(answers), options.bytes),
          );
      },
      () => this.fail(flight),
    );
    return flight.reply;
  }

  /** A flight brought nothing. A fault in here never takes the place of the read's own error. */
  fail(flight: Flight): void {
    try {
      this.#near.coherence.fail(flight);
    } catch (error) {
      this.#near.fault('A failed read could not be followed.', error);
    }
  }

  /** Stores what a flight brought, if it may be. A fault in here never fails the read. */
  land(flight: Flight, value: unknown, expiry: AskedExpiry, bytes: boolean, id = flight.id): void {
    const { coherence, lifetimes } = this.#near;
    try {
      // Over RESP2 node-redis decodes to bytes while a subscription is under way, v5 and v6 also after it: another reply
      // than the one asked for.
      if (!isCopyable(value) || (!bytes && holdsBytes(value))) {
        coherence.discard(flight);
        return;
      }
      if (isKnown(expiry)) {
        coherence.land(flight, id, heldForm(value), lifetimes.bounded(expiry));
        return;
      }
      coherence.discard(flight);
      if (isDenied(expiry.failed)) this.#near.fault(PTTL_DENIED, expiry.failed);
    } catch (error) {
      this.#near.fault('A reply could not be stored.', error);
    }
  }

  /**
   * The key's own expiry, if it is of interest. Asked in the same write as the read, and first: if the key expires in
   * between, the reply is nil, which lasts; the other way round a value would be taken for one that does not expire.
   */
  askExpiry(
    key: string,
    prefix: Prefix,
    { missesMoves }: DataNode,
    send: (command: readonly string[]) => unknown,
  ): ExpiryQuestion {
    return missesMoves === true || this.#near.lifetimes.wantsExpiry(prefix)
      ? ExpiryQuestion.ask(() => send(['PTTL', key]))
      : ExpiryQuestion.none;
  }

  #bypass({ key, others, read }: CoveredRead): Promise<unknown> {
    return this.bypass([key, ...others], () => this.#pass(read));
  }

  /** Reads past the cache. What the reply tells of the keys may be newer than what is held of them. */
  bypass(keys: readonly string[], read: () => Promise<unknown>): Promise<unknown> {
    const { coherence } = this.#near;
    for (const key of keys) {
      const prefix = coherence.prefixes.match(key);
      if (prefix !== undefined) prefix.bypassed++;
    }
    const reply = read();
    onAnswer(
      reply,
      () => {
        for (const key of keys) coherence.observed(key);
      },
      (error) => this.#near.fault('What a reply told could not be followed.', error),
    );
    return reply;
  }

  #pass({ view, path, args }: Read): Promise<unknown> {
    return this.#adapter.call(view, path, args) as Promise<unknown>;
  }
}

/**
 * One waiter's signal ends its own wait only. The error is the client's own: `refuse` sends the read once more, with
 * the signal that is aborted by then.
 */
export function abortable(
  reply: Promise<unknown>,
  signal: AbortSignal,
  refuse: () => Promise<unknown>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      refuse().then(resolve, reject);
    };
    signal.addEventListener('abort', abort, { once: true });
    reply.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Whether the node has all keys that it was asked for, as far as it can be told. */
export async function isThere(value: unknown, questions: readonly ExpiryQuestion[]): Promise<boolean> {
  const answers = await Promise.all(questions.map(({ answered }) => answered));
  const missing = answers.some((answer) => !isKnown(answer) || answer?.exists === false);
  // A key may have gone between PTTL and the read.
  return !missing && value !== null && !(Array.isArray(value) && value.includes(null));
}

const PTTL_DENIED =
  'PTTL is not permitted, so that replies are not stored. Grant +pttl to the data user, or set serverTtl: false and ' +
  'leave cacheNil on.';

/** Any other failure is that of a connection, and the read's own reply tells of it. */
function isDenied(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOPERM');
}

/** The client gave up to wait on behalf of somebody. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && /Timeout/.test(error.constructor.name);
}

/** For what needs no copy, one settled promise for all hits: awaiting it is cheaper than making another. */
function handedOut(reply: Reply): Promise<unknown> {
  const { handOut } = reply;
  if (handOut === undefined) return handedOutFirst(reply);
  return typeof handOut === 'function' ? Promise.resolve(handOut(reply.value)) : handOut;
}

/** Only hot entries keep a promise, of half the size of a small entry. */
function handedOutFirst(reply: Reply): Promise<unknown> {
  const copy = copyOf(reply.value);
  if (copy === undefined && !reply.isHot) return Promise.resolve(reply.value);
  reply.handOut = copy ?? Promise.resolve(reply.value);
  return handedOut(reply);
}
