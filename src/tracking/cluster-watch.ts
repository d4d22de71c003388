// Watches a node of a cluster: it must say that its cluster is well and that it still plays its part, and its shard's
// slots are followed.
// Source: CLUSTER INFO, CLUSTER NODES, https://redis.io/docs/latest/commands/cluster-nodes/

import {
  type Answers,
  AUTHORITY,
  judgeError,
  type NodeWatch,
  none,
  nonsense,
  type Verdict,
} from './node-watch.js';

/** Tells whether the node's shard has a slot, and for good: one that is on its way to another shard it has no more. */
export type Owned = (slot: number) => boolean;

export class ClusterWatch implements NodeWatch {
  readonly questions = [
    ['CLUSTER', 'INFO'],
    ['CLUSTER', 'NODES'],
  ];
  readonly #role: 'primary' | 'replica';
  readonly #moved: (owned: Owned) => void;
  #slots: string | undefined;

  /**
   * `moved` is called when its shard has other slots than before. While a slot is on its way, keys that the node lacks are
   * made at the other end, of which this one says nothing.
   */
  constructor(role: 'primary' | 'replica', moved: (owned: Owned) => void) {
    this.#role = role;
    this.#moved = moved;
  }

  reset(): void {
    this.#slots = undefined;
  }

  judge({ answers: [info, nodes] }: Answers): Verdict {
    for (const answer of [info, nodes]) if (answer instanceof Error) return judgeError(answer);
    const state = typeof info === 'string' ? /^cluster_state:(\w+)\r?$/m.exec(info)?.[1] : undefined;
    if (state === undefined) return nonsense('CLUSTER INFO');
    const lines = typeof nodes === 'string' ? nodes.split('\n').map((line) => line.split(' ')) : [];
    const myself = lines.find(([, , flags]) => flags?.split(',').includes('myself'));
    if (myself === undefined) return nonsense('CLUSTER NODES');
    const role = myself[2]?.split(',').includes('master') ? 'primary' : 'replica';
    if (role !== this.#role) return { kind: 'deposed', reason: `it is a ${role} now` };
    const primary = role === 'primary' ? myself : lines.find(([id]) => id === myself[3]);
    this.#follow((primary?.slice(8) ?? []).filter((range) => !isImport(range)).join(' '));
    return state === 'ok' ? AUTHORITY : none('its cluster is not well');
  }

  #follow(slots: string): void {
    const before = this.#slots;
    this.#slots = slots;
    if (before !== undefined && before !== slots) this.#moved(inRanges(slots));
  }
}

/** `[93-<-292f...]`; only the node's own moves are told. */
function isImport(range: string): boolean {
  return range.startsWith('[') && range.includes('-<-');
}

/** Whether a slot is among ranges as CLUSTER NODES writes them, `0-5460 5462`, and not on its way, `[5461->-67ed...]`. */
function inRanges(text: string): Owned {
  const written = text.split(' ').filter((range) => range !== '');
  const leaving = new Set(written.filter((range) => range.startsWith('[')).map(slotOnItsWay));
  const ranges = written
    .filter((range) => !range.startsWith('['))
    .map((range) => range.split('-').map(Number));
  return (slot) => !leaving.has(slot) && ranges.some(([from = -1, to = from]) => slot >= from && slot <= to);
}

function slotOnItsWay(range: string): number {
  return Number.parseInt(range.slice(1), 10);
}
