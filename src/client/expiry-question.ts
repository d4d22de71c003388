// What a miss asks beside its reply: the key's own expiry (rule C7), in the same write, answered in any case.

import type { Expiry } from '../cache/coherence.js';

/** `undefined` when nobody asked; with the reason when no answer came. */
export type AskedExpiry = Expiry | { readonly failed: unknown };

export class ExpiryQuestion {
  /** Resolves with the answer; never rejects. */
  readonly answered: Promise<AskedExpiry>;
  /** The answer, once it is there. */
  known: { readonly answer: AskedExpiry } | undefined;

  private constructor(pttl: Promise<unknown>, known?: { readonly answer: AskedExpiry }) {
    this.known = known;
    // Right on the client's own promise: a read sent after it then finds the answer when its own reply arrives.
    this.answered = pttl.then(
      (remaining) => this.#learn(expiryOf(remaining)),
      (error: unknown) => this.#learn({ failed: error }),
    );
  }

  /** Nobody wants to know. */
  static readonly none = new ExpiryQuestion(Promise.resolve(), { answer: undefined });

  /** The read was sent without it, though it should have been asked: nothing is known. */
  static readonly neverAsked = new ExpiryQuestion(Promise.resolve(), {
    answer: { failed: 'PTTL was not sent' },
  });

  static ask(pttl: () => unknown): ExpiryQuestion {
    try {
      return new ExpiryQuestion(Promise.resolve(pttl()));
    } catch (error) {
      return new ExpiryQuestion(Promise.reject(error));
    }
  }

  #learn(answer: AskedExpiry): AskedExpiry {
    this.known ??= { answer };
    return this.known.answer;
  }
}

/** Whether the answer came, or nobody asked. */
export function isKnown(expiry: AskedExpiry): expiry is Expiry {
  return expiry === undefined || 'exists' in expiry;
}

/** What several keys' answers say of a reply that hangs on all of them. */
export function combined(answers: readonly AskedExpiry[]): AskedExpiry {
  let exists = true;
  let remaining = Number.POSITIVE_INFINITY;
  for (const answer of answers) {
    if (answer === undefined || 'failed' in answer) return answer;
    exists &&= answer.exists;
    remaining = Math.min(remaining, answer.remaining);
  }
  return { exists, remaining };
}

/**
 * -2 means no such key, -1 no expiry. The server subtracts whole milliseconds, of which up to one had passed: what is left
 * for certain is one less. Source: https://redis.io/docs/latest/commands/pttl/
 */
function expiryOf(remaining: unknown): AskedExpiry {
  if (typeof remaining !== 'number') return { failed: remaining };
  if (remaining === -2) return { exists: false, remaining: Number.POSITIVE_INFINITY };
  return { exists: true, remaining: remaining < 0 ? Number.POSITIVE_INFINITY : Math.max(0, remaining - 1) };
}
