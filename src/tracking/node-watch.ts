// What a node says of itself beside PONG (rule C8): failovers, promotions and moves of slots push nothing and drop no
// connection, so they have to be asked about with every heartbeat. Pure state.

/** What a node's answers mean. */
export type Verdict =
  /** It has authority: its PONG counts. */
  | { readonly kind: 'authority' }
  /** It serves old data, as far as it knows itself: its PONG proves nothing. */
  | { readonly kind: 'none'; readonly reason: string }
  /** It serves other keys than before: those of which `owned` says no are void. */
  | { readonly kind: 'moved'; readonly owned: (slot: number) => boolean }
  /** It may not be asked. */
  | { readonly kind: 'denied'; readonly error: Error };

/** Watches one node's role. */
export interface NodeWatch {
  /** Asked together with each PING, before it. */
  readonly questions: readonly (readonly string[])[];
  /** A new connection: what was known does not count any more. */
  reset(): void;
  judge(answers: readonly unknown[]): Verdict;
}

const AUTHORITY: Verdict = { kind: 'authority' };

/**
 * A primary of a cluster: it must say that its cluster is well and that it is a primary, and which slots it has.
 * Source: CLUSTER INFO, CLUSTER NODES, https://redis.io/docs/latest/commands/cluster-nodes/
 */
export class ClusterPrimaryWatch implements NodeWatch {
  readonly questions = [
    ['CLUSTER', 'INFO'],
    ['CLUSTER', 'NODES'],
  ];
  #slots: string | undefined;

  reset(): void {
    this.#slots = undefined;
  }

  judge([info, nodes]: readonly unknown[]): Verdict {
    for (const answer of [info, nodes]) if (answer instanceof Error) return judgeError(answer);
    if (!/^cluster_state:ok\r?$/m.test(String(info))) return none('its cluster is not well');
    const myself = String(nodes)
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, , flags]) => flags?.split(',').includes('myself'));
    const flags = myself?.[2]?.split(',') ?? [];
    if (!flags.includes('master')) return none('it is no primary any more');
    const slots = (myself?.slice(8) ?? []).filter((range) => !range.startsWith('[')).join(' ');
    const before = this.#slots;
    this.#slots = slots;
    return before === undefined || before === slots ? AUTHORITY : { kind: 'moved', owned: inRanges(slots) };
  }
}

function none(reason: string): Verdict {
  return { kind: 'none', reason };
}

function judgeError(error: Error): Verdict {
  return /^(NOPERM|ERR unknown)/.test(error.message) ? { kind: 'denied', error } : none(error.message);
}

/** Whether a slot is among ranges as CLUSTER NODES writes them: `0-5460 5462`. */
function inRanges(text: string): (slot: number) => boolean {
  const ranges = text
    .split(' ')
    .filter((range) => range !== '')
    .map((range) => range.split('-').map(Number));
  return (slot) => ranges.some(([from = -1, to = from]) => slot >= from && slot <= to);
}
