// Reads that replicas have not answered yet: who waits for one that is left out goes to the primary, and an answer that
// is late tells that a connection is half-open. No timers; time comes in from outside.

interface ReadUnderWay {
  readonly sentAt: number;
  /** Gone once it was called: nobody goes elsewhere twice. */
  goElsewhere: (() => void) | undefined;
}

/** However little lag is tolerated, an answer may take this long. Unit: ms. */
const MIN_PATIENCE = 250;

export class ReadsUnderWay {
  readonly #now: () => number;
  readonly #patience: number;
  /** By node, the oldest first. */
  readonly #reads = new Map<string, Set<ReadUnderWay>>();

  /** @param maxLag how late data, and so an answer, may be. Unit: ms. */
  constructor(now: () => number, maxLag: number) {
    this.#now = now;
    this.#patience = Math.max(maxLag, MIN_PATIENCE);
  }

  /** A read was sent to the node `now`: calls back once if that is left out. @returns what to call when its reply is there */
  add(id: string, now: number, goElsewhere: () => void): () => void {
    const ofNode = this.#reads.get(id) ?? new Set();
    this.#reads.set(id, ofNode);
    const read: ReadUnderWay = { sentAt: now, goElsewhere };
    ofNode.add(read);
    return () => {
      ofNode.delete(read);
      // Replicas come and go, with another address each time.
      if (ofNode.size === 0 && this.#reads.get(id) === ofNode) this.#reads.delete(id);
    };
  }

  /** Who waits for an answer of this node goes elsewhere. */
  leave(id: string): void {
    for (const read of [...(this.#reads.get(id) ?? [])]) {
      const { goElsewhere } = read;
      read.goElsewhere = undefined;
      goElsewhere?.();
    }
  }

  /** An answer is late: the connection is half-open, although the node may be well. */
  isOverdue(id: string): boolean {
    const [oldest] = this.#reads.get(id) ?? [];
    return oldest !== undefined && this.#now() > oldest.sentAt + this.#patience;
  }
}
