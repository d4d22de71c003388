// Answers cached reads: from memory, by joining a read under way, or by sending one (rules C1 to C3, C13, C16).

import type { Flight } from '../cache/flights.js';
import type { Prefix } from '../cache/prefix.js';
import { type CachedRead, copyReply } from './cached-reads.js';
import type { WireCommand } from './effect.js';
import { type AskedExpiry, ExpiryQuestion, isKnown } from './expiry-question.js';
import { isCacheableKey } from './keys.js';
import type { NearCache } from './near-cache.js';
import { goesPast, type NodeRedisV4, repeatable } from './node-redis-v4.js';
import { onAnswer } from './own-commands.js';

export class CachedReads {
  readonly #adapter: NodeRedisV4;
  readonly #near: NearCache;

  constructor(adapter: NodeRedisV4, near: NearCache) {
    this.#adapter = adapter;
    this.#near = near;
  }

  /** The method that stands in for the client's `name`. */
  method(name: string, id: string, command: CachedRead): (...args: unknown[]) => Promise<unknown> {
    const { coherence } = this.#near;
    const { copy } = command;
    const reads = this;
    // The hot path: one argument, nothing to serialise, no closure, no copy for scalars.
    return function read(...given: unknown[]): Promise<unknown> {
      let args: readonly unknown[] = given;
      try {
        const key = args[0];
        if (args.length === 1 && typeof key === 'string') {
          const held = coherence.lookup(key, id);
          if (held !== undefined) return Promise.resolve(copy === 'none' ? held : copyReply(copy, held));
        }
        args = repeatable(given);
        return reads.#read(name, id, command, args);
      } catch (error) {
        // A fault of the cache never fails a read.
        reads.#near.fault('A read could not be cached.', error);
        return reads.#pass(name, args);
      }
    };
  }

  #read(name: string, canonical: string, command: CachedRead, args: readonly unknown[]): Promise<unknown> {
    const { options, rest } = this.#adapter.splitOptions(args);
    const wire = this.#adapter.encode(name, rest);
    const key = wire?.[1];
    const prefix = isCacheableKey(key) ? this.#near.coherence.prefixes.match(key) : undefined;
    if (wire === undefined || !isCacheableKey(key) || prefix === undefined) return this.#pass(name, args);
    const bypass = (keys = [key]): Promise<unknown> => this.bypass(keys, () => this.#pass(name, args));
    if (this.#near.readError !== undefined) return Promise.reject(this.#near.readError);
    if (command.furtherKeys === true && wire.length > 2) return bypass(wire.slice(1).filter(isCacheableKey));
    const id = replyId(canonical, wire);
    if (id === undefined || goesPast(options)) return bypass();
    if (options?.signal?.aborted === true) return this.#pass(name, args);
    const held = isHotPath(args) ? undefined : this.#near.coherence.lookup(key, id);
    if (held !== undefined) return Promise.resolve(copyReply(command.copy, held));
    const fetch = (): Promise<unknown> => {
      const flight = this.#near.coherence.join(key, id, prefix);
      const reply = flight?.reply ?? this.#send(key, id, prefix, name, command, rest);
      if (reply === undefined) return bypass();
      return command.copy === 'none' ? reply : reply.then((value) => copyReply(command.copy, value));
    };
    const asOf = this.#near.coherence.suspectSince(key, id);
    const reply = asOf === undefined ? fetch() : this.#onceProven(asOf, key, id, command, fetch);
    return options?.signal === undefined
      ? reply
      : abortable(reply, options.signal, () => this.#pass(name, args));
  }

  /** The reply is held, but something newer may have been seen of its key: a proof costs less than another read. */
  async #onceProven(
    asOf: number,
    key: string,
    id: string,
    command: CachedRead,
    fetch: () => Promise<unknown>,
  ): Promise<unknown> {
    await this.#near.proven(asOf);
    const held = this.#near.coherence.lookup(key, id);
    return held === undefined ? fetch() : copyReply(command.copy, held);
  }

  #send(
    key: string,
    id: string,
    prefix: Prefix,
    name: string,
    command: CachedRead,
    args: readonly unknown[],
  ): Promise<unknown> | undefined {
    const { coherence, lease } = this.#near;
    if (!coherence.mayFill(lease, prefix)) return undefined;
    const flight = coherence.depart(key, id, prefix, lease, this.#near.lifetimes.maxTtlOf(command, lease));
    // Both are queued in the same turn and travel in one write. PTTL goes first: if the key expires in between, the
    // reply is nil, which lasts; the other way round a value would be taken for one that does not expire.
    const question = this.askExpiry(key, prefix);
    try {
      flight.reply = Promise.resolve(this.#pass(name, args));
    } catch (error) {
      coherence.fail(flight);
      throw error;
    }
    // On the side: readers get the client's own promise, which settles in its turn among those of other commands, and
    // their continuations run after this one.
    flight.reply.then(
      (value) => {
        if (question.known !== undefined) this.land(flight, value, question.known.answer);
        else void question.answered.then((answer) => this.land(flight, value, answer));
      },
      () => coherence.fail(flight),
    );
    return flight.reply;
  }

  /** Stores what a flight brought, if it may be. A fault in here never fails the read. */
  land(flight: Flight, value: unknown, expiry: AskedExpiry, id = flight.id): void {
    const { coherence, lifetimes } = this.#near;
    try {
      if (holdsBytes(value)) {
        // node-redis v4 decodes like that while a subscription is under way: another reply than the one asked for.
        coherence.discard(flight);
        return;
      }
      if (isKnown(expiry)) {
        coherence.land(flight, id, value, lifetimes.bounded(expiry));
        return;
      }
      coherence.discard(flight);
      if (isDenied(expiry.failed)) this.#near.fault(PTTL_DENIED, expiry.failed);
    } catch (error) {
      this.#near.fault('A reply could not be stored.', error);
    }
  }

  /** The key's own expiry, if it is of interest. */
  askExpiry(key: string, prefix: Prefix): ExpiryQuestion {
    return this.#near.lifetimes.wantsExpiry(prefix)
      ? ExpiryQuestion.ask(() => this.#adapter.call(['PTTL'], [key]))
      : ExpiryQuestion.none;
  }

  /** Reads past the cache. What the reply tells of the keys may be newer than what is held of them. */
  bypass(keys: readonly string[], read: () => Promise<unknown>): Promise<unknown> {
    const { coherence } = this.#near;
    for (const key of keys) {
      const prefix = coherence.prefixes.match(key);
      if (prefix !== undefined) prefix.bypassed++;
    }
    const reply = read();
    onAnswer(reply, () => {
      for (const key of keys) coherence.observed(key);
    });
    return reply;
  }

  #pass(name: string, args: readonly unknown[]): Promise<unknown> {
    return this.#adapter.call([name], args) as Promise<unknown>;
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

/** Whether the look into the cache was done before anything was taken apart. */
function isHotPath(args: readonly unknown[]): boolean {
  return args.length === 1 && typeof args[0] === 'string';
}

const PTTL_DENIED =
  'PTTL is not permitted, so that replies are not stored. Grant +pttl to the data user, or set serverTtl: false and ' +
  'leave cacheNil on.';

/** Any other failure is that of a connection, and the read's own reply tells of it. */
function isDenied(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOPERM');
}

function holdsBytes(reply: unknown): boolean {
  if (typeof reply !== 'object' || reply === null) return false;
  return reply instanceof Uint8Array || Object.values(reply).some(holdsBytes);
}

/**
 * Names a reply among those of its key. One argument after the key is told from several by the separator, so that
 * no two argument lists share a name.
 */
function replyId(command: string, wire: WireCommand): string | undefined {
  if (wire.length === 2) return command;
  for (let i = 2; i < wire.length; i++) if (typeof wire[i] !== 'string') return undefined;
  if (wire.length === 3) return `${command} ${wire[2] as string}`;
  return `${command}\n${JSON.stringify(wire.slice(2))}`;
}
