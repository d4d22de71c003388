// What a server's pushes do to the cache (rule C2), whatever they look like.

import type { Coherence } from '../cache/coherence.js';
import { pushedName } from './pushed-name.js';

export interface PushObserver {
  /** A push was applied: `null` stands for every key. */
  invalidated(key: string | null): void;
  /** A push could not be understood; the cache was emptied. */
  malformed(): void;
}

export class Pushes {
  /** Keys the server said had changed, a flush counting as one. */
  count = 0;
  readonly #coherence: Coherence;
  readonly #observer: PushObserver;
  /** What has emptied the cache while this chunk was decoded: nothing was stored or sent since. */
  readonly #emptiedBy = new Set<'null' | 'nonsense'>();

  constructor(coherence: Coherence, observer: PushObserver) {
    this.#coherence = coherence;
    this.#observer = observer;
  }

  /** Applies one of the keys of a push, as it was decoded. */
  apply(key: unknown): void {
    this.count++;
    const name = pushedName(key);
    if (name !== undefined) {
      this.#coherence.invalidate(name);
      this.#observer.invalidated(name);
    } else {
      this.#empty(key === null ? 'null' : 'nonsense');
    }
  }

  /** One push can ask for it ten million times: the letters of a text in place of keys, or nulls among them. */
  #empty(by: 'null' | 'nonsense'): void {
    if (this.#emptiedBy.has(by)) return;
    if (this.#emptiedBy.size === 0) {
      queueMicrotask(() => this.#emptiedBy.clear());
      this.#coherence.flush('server');
    }
    this.#emptiedBy.add(by);
    if (by === 'null') this.#observer.invalidated(null);
    else this.#observer.malformed();
  }
}
