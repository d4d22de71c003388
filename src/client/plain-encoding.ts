// The usual commands of one key go on the wire as they are called: the name, the key, the words. Once a client has been
// seen to do so, they need not be encoded twice, once to know what they say and once to be sent.

import type { WireCommand } from './effect.js';

/** By the number of texts, the key included. Not in here: what makes something else of some texts, such as SMISMEMBER. */
const PLAIN: readonly (readonly string[])[] = [
  [],
  'DECR GET HGETALL HKEYS HLEN HVALS INCR LLEN LPOP PERSIST RPOP SCARD SMEMBERS SPOP STRLEN TYPE ZCARD'.split(
    ' ',
  ),
  'APPEND GETSET HEXISTS HGET HSTRLEN LPUSH RPUSH SADD SET SETNX SISMEMBER SREM ZRANK ZREVRANK ZSCORE'.split(
    ' ',
  ),
  'HSET HSETNX'.split(' '),
];

export class PlainEncoding {
  readonly #name: string;
  readonly #keyPrefix: string;
  /** By the number of texts: whether the client was seen to send them so. A script may go by a command's name. */
  readonly #seen: boolean[] = [];

  /** `name` is the method's, in capitals. */
  constructor(name: string, keyPrefix: string) {
    this.#name = name;
    this.#keyPrefix = keyPrefix;
  }

  /** What a call goes on the wire as; `undefined` where that is not known. */
  of(args: readonly unknown[]): WireCommand | undefined {
    const [key, ...words] = args;
    if (this.#seen[args.length] !== true || typeof key !== 'string') return undefined;
    for (const word of words) if (typeof word !== 'string') return undefined;
    return [this.#name, this.#keyPrefix === '' ? key : this.#keyPrefix + key, ...words];
  }

  /** A call was encoded. */
  learn(args: readonly unknown[], wire: WireCommand): void {
    const [key, ...words] = args;
    if (typeof key !== 'string' || PLAIN[args.length]?.includes(this.#name) !== true) return;
    const expected = [this.#name, this.#keyPrefix + key, ...words];
    this.#seen[args.length] =
      wire.length === expected.length && expected.every((word, at) => word === wire[at]);
  }
}
