// Tells the cache about everything that this process itself sends past it (rules C4, C11, C14, promise (d)): before it
// is sent, and again when its reply, error or timeout arrives.

import type { Coherence } from '../cache/coherence.js';
import type { Effect } from './effect.js';

export interface OwnCommandsObserver {
  fault(error: unknown): void;
  /** The connection has another database or user than before. */
  strayed(): void;
}

export class OwnCommands {
  readonly #coherence: Coherence;
  readonly #holds: boolean;
  readonly #observer: OwnCommandsObserver;
  /** Rises with every WATCH: an EXEC ends only what was watched before it was sent. */
  #watches = 0;
  #pendingWatches = 0;
  /** Whether a WATCH was answered that nothing has ended yet. */
  #watching = false;

  /** A connection whose reads go to Redis anyway ignores holds. */
  constructor(coherence: Coherence, holds: 'holds' | 'ignores holds', observer: OwnCommandsObserver) {
    this.#coherence = coherence;
    this.#observer = observer;
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
    const watches = this.#before(effect);
    let reply: Promise<T>;
    try {
      reply = send();
    } catch (error) {
      this.#after(effect, watches, false);
      throw error;
    }
    onAnswer(
      reply,
      (answered) => this.#after(effect, watches, answered),
      (error) => this.#observer.fault(error),
    );
    return reply;
  }

  #before(effect: Effect): number {
    if (effect.unknown) this.#coherence.raiseBarrier();
    if (effect.hold && this.#holds) {
      // A connection that was closed meanwhile holds nothing any more.
      if (!this.#coherence.leases.held) this.#watching = false;
      this.#watches++;
      this.#pendingWatches++;
      this.#coherence.leases.hold(true);
    }
    this.#change(effect);
    return this.#watches;
  }

  #after(effect: Effect, watches: number, answered: boolean): void {
    this.#change(effect);
    for (const key of effect.observes) this.#coherence.observed(key);
    if (effect.unknown) this.#coherence.lowerBarrier();
    if (this.#holds && (effect.hold || effect.release)) this.#settleHold(effect, watches, answered);
  }

  /** A WATCH that failed holds nothing more than before it; a release ends everything that was sent before it. */
  #settleHold(effect: Effect, watches: number, answered: boolean): void {
    if (effect.hold) {
      this.#pendingWatches--;
      this.#watching ||= answered;
    }
    if (effect.release && watches === this.#watches) this.#watching = false;
    this.#coherence.leases.hold(this.#watching || this.#pendingWatches > 0);
  }

  #change(effect: Effect): void {
    for (const key of effect.keys) this.#coherence.change(key);
    if (effect.flush) this.#coherence.flush('connection-state');
    if (effect.stray) this.#observer.strayed();
  }
}

/**
 * Calls back when a reply or an error arrives, before whoever is handed `reply` afterwards gets to see it. The promise
 * itself stays the client's own, so that it settles in its turn among those of other commands. A fault of the cache in
 * there, such as a clock that throws, fails nobody's command.
 */
export function onAnswer(
  reply: unknown,
  callback: (answered: boolean) => void,
  fault: (error: unknown) => void,
): void {
  const settled = (answered: boolean): void => {
    try {
      callback(answered);
    } catch (error) {
      fault(error);
    }
  };
  Promise.resolve(reply).then(
    () => settled(true),
    () => settled(false),
  );
}
