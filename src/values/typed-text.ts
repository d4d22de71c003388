// How values of one type become text and back: by a codec, checked by a schema if there is one, and frozen, because what
// is decoded once is handed out to many. Knows no cache.

import type { Codec, SchemaIssue, StandardSchema } from '../codec.js';
import { NearCacheError } from '../errors.js';
import { deepFreeze } from './deep-freeze.js';

export class TypedText<T> {
  readonly #codec: Codec<T>;
  readonly #schema: StandardSchema<T> | undefined;
  /** The same for the same codec and schema: tells decoded values of a key apart. */
  readonly name: string;

  constructor(codec: Codec<T>, schema: StandardSchema<T> | undefined) {
    this.#codec = codec;
    this.#schema = schema;
    this.name = `by ${numberOf(codec)} ${schema === undefined ? '' : numberOf(schema)}`;
  }

  /** @throws NearCacheError `ERR_NEAR_DECODE`, `ERR_NEAR_SCHEMA` */
  valueOf(key: string, text: string): T | Promise<T> {
    const decoded = this.#decode(key, text);
    if (this.#schema !== undefined) return this.#checkedAndFrozen(key, decoded, this.#schema);
    // In the same turn: those who wait for the same reply find it done.
    deepFreeze(decoded);
    return decoded;
  }

  /** @throws NearCacheError `ERR_NEAR_SCHEMA`; whatever the codec throws */
  async textOf(key: string, value: T): Promise<string> {
    if (this.#schema !== undefined) await this.#checked(key, value, this.#schema);
    return this.#codec.encode(value);
  }

  async #checkedAndFrozen(key: string, decoded: T, schema: StandardSchema<T>): Promise<T> {
    const value = await this.#checked(key, decoded, schema);
    deepFreeze(value);
    return value;
  }

  #decode(key: string, text: string): T {
    try {
      return this.#codec.decode(text);
    } catch (cause) {
      const message = `What ${JSON.stringify(key)} holds could not be decoded. Was it written by another codec?`;
      throw new NearCacheError('ERR_NEAR_DECODE', message, { cause });
    }
  }

  async #checked(key: string, value: unknown, schema: StandardSchema<T>): Promise<T> {
    const checked = schema['~standard'].validate(value);
    const result = checked instanceof Promise ? await checked : checked;
    if (result.issues === undefined) return result.value;
    const complaints = result.issues.map(complaintOf).join('; ');
    const message = `The value of ${JSON.stringify(key)} does not follow its schema: ${complaints}.`;
    throw new NearCacheError('ERR_NEAR_SCHEMA', message, { cause: result.issues });
  }
}

function complaintOf({ message, path = [] }: SchemaIssue): string {
  const names = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return names.length === 0 ? message : `${names.join('.')}: ${message}`;
}

const numbers = new WeakMap<object, number>();
let count = 0;

/** Tells codecs and schemas apart. */
function numberOf(object: object): number {
  const known = numbers.get(object) ?? ++count;
  numbers.set(object, known);
  return known;
}
