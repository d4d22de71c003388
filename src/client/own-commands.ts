// Tells the cache about everything that this process itself sends past it (rules C4, C11, C14, promise (d)): before it
// is sent, and again when its reply, error or timeout arrives.

import type { Coherence } from '../cache/coherence.js';
import type { Effect } from './effect.js';

/** How things stood when a command was sent. */
interface Before {
  readonly watches: number;
  readonly held: boolean;
}

export class OwnCommands {
  readonly #coherence: Coherence;
  readonly #holds: boolean;
  /** Rises with every WATCH: an EXEC ends only what was watched before it was sent. */
  #watches = 0;

  /** A connection whose reads go to Redis anyway ignores holds. */
  constructor(coherence: Coherence, holds: 'holds' | 'ignores holds') {
    this.#coherence = coherence;
    this.#holds = holds === 'holds';
  }

  /** Whether the cache has anything to do with it. */
  concerns(effect: Effect): boolean {
    const { keys, flush, unknown, hold, release } = effect;
    return (
      keys.length > 0 ||
      flush ||
      unknown ||
      hold ||
      release ||
      effect.observes.some((key) => this.#coherence.prefixes.match(key) !== undefined)
    );
  }

  /** Sends what has this effect. */
  around<T>(effect: Effect, send: () => Promise<T>): Promise<T> {
    const before = this.#before(effect);
    let reply: Promise<T>;
    try {
      reply = send();
    } catch (error) {
      this.#after(effect, before, false);
      throw error;
    }
    onAnswer(reply, (answered) => this.#after(effect, before, answered));
    return reply;
  }

  #before(effect: Effect): Before {
    const held = this.#coherence.held;
    if (effect.unknown) this.#coherence.raiseBarrier();
    if (effect.hold && this.#holds) {
      this.#watches++;
      this.#coherence.hold(true);
    }
    this.#change(effect);
    return { watches: this.#watches, held };
  }

  #after(effect: Effect, before: Before, answered: boolean): void {
    this.#change(effect);
    for (const key of effect.observes) this.#coherence.observed(key);
    if (effect.unknown) this.#coherence.lowerBarrier();
    // A WATCH that failed holds nothing more than before; a release ends everything that was held when it was sent.
    const over = effect.release || (effect.hold && !answered && !before.held);
    if (over && this.#holds && before.watches === this.#watches) this.#coherence.hold(false);
  }

  #change(effect: Effect): void {
    for (const key of effect.keys) this.#coherence.drop(key);
    if (effect.flush) this.#coherence.flush('connection-state');
  }
}

/**
 * Calls back when a reply or an error arrives, before whoever is handed `reply` afterwards gets to see it. The promise
 * itself stays the client's own, so that it settles in its turn among those of other commands.
 */
export function onAnswer(reply: unknown, callback: (answered: boolean) => void): void {
  Promise.resolve(reply).then(
    () => callback(true),
    () => callback(false),
  );
}
