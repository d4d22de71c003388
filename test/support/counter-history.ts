// What became of counters that one writer raised in Redis, and what readers may therefore have seen when: a value is
// stale by the time that has gone since it was certainly replaced.

interface Write {
  readonly sentAt: number;
  readonly ackedAt: number;
  readonly value: number;
  /** The one before was not answered: it may be done at a node that is no primary any more, and be lost. */
  readonly afterFailure: boolean;
}

const START: Write = { sentAt: 0, ackedAt: 0, value: 0, afterFailure: false };

export class CounterHistory {
  readonly #writes = new Map<string, Write[]>();
  readonly #failed = new Set<string>();

  /** INCR was answered. Writes of a key follow each other. */
  written(key: string, sentAt: number, value: number): void {
    const writes = this.#writes.get(key) ?? [START];
    this.#writes.set(key, writes);
    writes.push({ sentAt, ackedAt: performance.now(), value, afterFailure: this.#failed.delete(key) });
  }

  /** INCR was not answered. */
  failed(key: string): void {
    this.#failed.add(key);
  }

  /** Acknowledged writes of all keys. */
  get size(): number {
    return Array.from(this.#writes.values(), ({ length }) => length - 1).reduce((sum, each) => sum + each, 0);
  }

  /** For how long a value had certainly been replaced at this moment; infinite for one that never was there. Unit: ms. */
  staleness(key: string, value: number, at: number): number {
    const writes = this.#writes.get(key) ?? [];
    let least = Number.POSITIVE_INFINITY;
    for (const [index, write] of writes.entries()) {
      const next = writes[index + 1];
      // Writes without an answer may have raised it in between; a failover may have lost some.
      const before = next === undefined ? Number.POSITIVE_INFINITY : next.value - 1;
      const [low, high] = [Math.min(write.value, before), Math.max(write.value, before)];
      if (value < low || value > high || write.sentAt > performance.now()) continue;
      least = Math.min(least, Math.max(0, at - (next?.ackedAt ?? at)));
    }
    return least;
  }

  /** Whether Redis lost what made this value, acknowledged or not, after it was seen: INCR came to no more than it later. */
  lostAfter(key: string, value: number, seenAt: number): boolean {
    return (this.#writes.get(key) ?? []).some(
      (write) =>
        write.value <= value && (write.sentAt > seenAt || (write.afterFailure && write.ackedAt > seenAt)),
    );
  }
}
