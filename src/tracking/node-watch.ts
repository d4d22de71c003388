// What a node says of itself beside PONG (rule C8): failovers, promotions and moves of slots push nothing and drop no
// connection, so they have to be asked about with every heartbeat. Pure state.

/** What a node's answers mean. */
export type Verdict =
  /** Its PONG counts. Everything written before `coversAsOf` it has applied; a primary has applied everything. */
  | { readonly kind: 'authority'; readonly coversAsOf: number }
  /** It serves old data, as far as it knows itself: its PONG proves nothing. */
  | { readonly kind: 'none'; readonly reason: string }
  /** It is something else than before: whatever it vouched for is void. */
  | { readonly kind: 'deposed'; readonly reason: string }
  /** It may not be asked. */
  | { readonly kind: 'denied'; readonly error: Error }
  /** No server answers so: somebody else does, or the replies are out of step. */
  | { readonly kind: 'nonsense'; readonly error: Error };

export interface Answers {
  /** One for each question, literally; errors too. */
  readonly answers: readonly unknown[];
  /** When they were asked. Unit: ms on the cache's clock. */
  readonly askedAt: number;
}

/** Watches one node. */
export interface NodeWatch {
  /** Asked together with each PING, before it. */
  readonly questions: readonly (readonly string[])[];
  /** A new connection: what was known does not count any more. */
  reset(): void;
  judge(answers: Answers): Verdict;
}

export const AUTHORITY: Verdict = { kind: 'authority', coversAsOf: Number.POSITIVE_INFINITY };

export function none(reason: string): Verdict {
  return { kind: 'none', reason };
}

export function nonsense(question: string): Verdict {
  return {
    kind: 'nonsense',
    error: new Error(`${question} was answered with something that no server says.`),
  };
}

/** A question was answered with an error. */
export function judgeError(error: Error): Verdict {
  return /^(NOPERM|ERR unknown)/.test(error.message) ? { kind: 'denied', error } : none(error.message);
}

/** Several watches of one node: it must satisfy all of them, and covers what the least of them says. */
export class AllOf implements NodeWatch {
  readonly questions: readonly (readonly string[])[];
  readonly #watches: readonly NodeWatch[];

  constructor(watches: readonly NodeWatch[]) {
    this.#watches = watches;
    this.questions = watches.flatMap(({ questions }) => questions);
  }

  reset(): void {
    for (const watch of this.#watches) watch.reset();
  }

  judge({ answers, askedAt }: Answers): Verdict {
    let at = 0;
    let verdict = AUTHORITY;
    for (const watch of this.#watches) {
      const own = watch.judge({ answers: answers.slice(at, at + watch.questions.length), askedAt });
      at += watch.questions.length;
      if (verdict.kind !== 'authority') continue;
      if (own.kind !== 'authority' || own.coversAsOf < verdict.coversAsOf) verdict = own;
    }
    return verdict;
  }
}

/**
 * A single server: one that replicates another must have its link up, and no longer be a primary where it has to be one.
 * A tracking user may lack the right to this question: without an answer the server counts as a primary.
 * Source: ROLE, https://redis.io/docs/latest/commands/role/
 */
export class RoleWatch implements NodeWatch {
  readonly #mustBe: 'primary' | 'any';
  #mayAsk = true;

  constructor(mustBe: 'primary' | 'any') {
    this.#mustBe = mustBe;
  }

  get questions(): readonly (readonly string[])[] {
    return this.#mayAsk ? [['ROLE']] : [];
  }

  reset(): void {
    this.#mayAsk = true;
  }

  judge({ answers: [role] }: Answers): Verdict {
    if (!this.#mayAsk) return AUTHORITY;
    if (role instanceof Error) {
      const verdict = judgeError(role);
      if (verdict.kind !== 'denied') return verdict;
      this.#mayAsk = false;
      return AUTHORITY;
    }
    const [kind, , , state]: unknown[] = Array.isArray(role) ? role : [];
    if (kind === 'master') return AUTHORITY;
    if (kind !== 'slave' || typeof state !== 'string') return nonsense('ROLE');
    if (this.#mustBe === 'primary') return { kind: 'deposed', reason: 'it is a replica now' };
    return state === 'connected' ? AUTHORITY : none(`its link to its primary is ${state}`);
  }
}
