// Near caches that are wrong in one way each: the differential has to find every one of them.

import { type Client, call } from '../support/client.js';
import { discard, type Kind } from '../support/majors.js';
import { WRITE_NAMES } from './commands.js';
import { bare, type MakeSubject, onMarker, type Subject, tracked } from './subject.js';

const READS_OF_ONE_KEY =
  'get strLen getRange getBit bitCount type hGet hGetAll hExists hKeys hVals hLen hmGet lRange lIndex lLen lPos ' +
  'sMembers sCard sIsMember smIsMember zScore zmScore zCard zRank zCount zRange zRangeWithScores';
const READS_OF_SEVERAL = 'sInter sUnion sDiff sInterCard zUnion zUnionWithScores zInter zInterCard zDiff';

const READS_NOT_KEPT = 'mGet lcs lcsLen exists withTypeMapping withAbortSignal asap';

const namesOf = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** What the cache is told, and what it forgets then. */
interface Memory {
  /** Replies, or promises of them, by call. */
  readonly held: Map<string, unknown>;
  forget(keys: readonly string[] | 'all'): void;
}

function memory(): Memory {
  const held = new Map<string, unknown>();
  return {
    held,
    forget(keys) {
      if (keys === 'all') held.clear();
      else
        for (const call of held.keys()) if (keys.some((key) => call.includes(`["${key}"`))) held.delete(call);
    },
  };
}

/** When a reply is kept: at once as a promise that others join, or when it came. */
type Keep = 'when asked' | 'when answered';

/** A client that answers these reads from `memory`; everything else is `other`. */
function remembering(
  client: Client,
  { held }: Memory,
  reads: ReadonlySet<string>,
  keep: Keep,
  other: (name: string, args: readonly unknown[]) => unknown = (name, args) => call(client, name, args),
): Client {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof name !== 'string' || typeof value !== 'function') return value;
      if (!reads.has(name)) return (...args: unknown[]) => other(name, args);
      return (...args: unknown[]) => {
        if (typeof args[0] !== 'string' && !Array.isArray(args[0])) return other(name, args);
        const id = `${name} ${JSON.stringify(args).replace('[[', '[')}`;
        const known = held.get(id);
        if (known !== undefined) return known;
        const reply = Promise.resolve(call(target, name, args));
        if (keep === 'when asked') held.set(id, reply);
        else reply.then(() => held.set(id, reply)).catch(() => {});
        reply.catch(() => held.delete(id));
        return reply;
      };
    },
  });
}

const ONE_KEY = namesOf(READS_OF_ONE_KEY);
const SEVERAL = namesOf(READS_OF_SEVERAL);
const OTHER_READS = namesOf(READS_NOT_KEPT);

/** Whether a method may write, as far as the sequences call it. */
function mayWrite(name: string, args: readonly unknown[]): boolean {
  if (name === 'sendCommand')
    return WRITE_NAMES.has(String((args[0] as readonly unknown[])[0]).toUpperCase());
  return !ONE_KEY.has(name) && !SEVERAL.has(name) && !OTHER_READS.has(name);
}

/** Own writes forget what they name, before and after; what names nothing forgets everything. */
function forgetting(client: Client, cache: Memory) {
  const around = (args: readonly unknown[], send: () => unknown): unknown => {
    const keys = JSON.stringify(args).match(/[ko]:\w+/g) ?? 'all';
    cache.forget(keys);
    const reply = send();
    if (reply instanceof Promise) reply.catch(() => {}).finally(() => cache.forget(keys));
    return reply;
  };
  return (name: string, args: readonly unknown[]): unknown => {
    const send = (): unknown => call(client, name, args);
    if (!mayWrite(name, args)) return send();
    if (name !== 'multi') return around(args, send);
    // What a transaction writes counts when it is executed.
    const transaction = client.multi();
    return new Proxy(transaction, {
      get: (target, member) => {
        const value: unknown = Reflect.get(target, member);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => around([], () => value.apply(target, given));
      },
    });
  };
}

/** Reads come from a map that nothing ever invalidates. */
const neverInvalidated: MakeSubject = async (kind, url, trackingUrl) => {
  const subject = await bare(kind, url, trackingUrl);
  const cache = memory();
  const client = remembering(subject.client, cache, ONE_KEY, 'when asked');
  return { ...subject, client, reset: () => cache.forget('all') };
};

/** A cache with pushes, of which `onPush` says what to do when. */
async function pushed(
  kind: Kind,
  url: string,
  trackingUrl: string,
  make: (client: Client, memory: Memory) => Client,
  delay: (apply: () => void) => void = (apply) => apply(),
): Promise<Subject> {
  const raw = kind.create(url);
  await raw.connect();
  const listening = await tracked(kind.create(url), trackingUrl);
  const cache = memory();
  listening.near.on('invalidate', ({ keys }) => delay(() => cache.forget(keys ?? 'all')));
  return {
    client: make(raw, cache),
    onMarker: (listener) => onMarker(listening, () => delay(listener)),
    reset: () => cache.forget('all'),
    hits: () => 0,
    async close() {
      listening.near.close();
      await Promise.all([discard(raw), discard(listening)]);
    },
  };
}

/** Right with one key; what several keys decide is dropped when the first of them changes. */
const firstKeyOnly: MakeSubject = async (kind, url, trackingUrl) => {
  const raw = kind.create(url);
  const redis = await tracked(raw, trackingUrl);
  const cache = memory();
  redis.near.on('invalidate', ({ keys }) => cache.forget(keys ?? 'all'));
  return {
    client: remembering(redis, cache, SEVERAL, 'when asked', forgetting(redis, cache)),
    onMarker: (listener) => onMarker(redis, listener),
    reset: () => cache.forget('all'),
    hits: () => 0,
    async close() {
      redis.near.close();
      await discard(raw);
    },
  };
};

/** Own writes are seen when they are announced, not before. */
const ownWritesLate: MakeSubject = (kind, url, trackingUrl) =>
  pushed(kind, url, trackingUrl, (client, cache) => remembering(client, cache, ONE_KEY, 'when asked'));

/** A reply is kept although its key was announced to have changed while it was on its way. */
const noFillGuard: MakeSubject = (kind, url, trackingUrl) =>
  pushed(kind, url, trackingUrl, (client, cache) =>
    remembering(client, cache, ONE_KEY, 'when answered', forgetting(client, cache)),
  );

/** Nothing is wrong but that pushes come late, and nobody doubts what is held when something newer was seen. */
const backInTime: MakeSubject = (kind, url, trackingUrl) =>
  pushed(
    kind,
    url,
    trackingUrl,
    (client, cache) => remembering(client, cache, ONE_KEY, 'when asked', forgetting(client, cache)),
    (apply) => void setTimeout(apply, 5),
  );

export const BROKEN: Readonly<Record<string, MakeSubject>> = {
  'a map that is never invalidated': neverInvalidated,
  'replies of several keys that hang on the first': firstKeyOnly,
  'own writes that are seen when they are announced': ownWritesLate,
  'replies kept although their key changed under way': noFillGuard,
  'replies kept although something newer was seen': backInTime,
};
