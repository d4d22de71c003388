// What became of counters that one writer raised in Redis, and what readers may therefore have seen when: a value is
// stale by the time that has gone since it was certainly replaced.

interface Write {
  readonly sentAt: number;
  readonly ackedAt: number;
  readonly value: number;
}

export class CounterHistory {
  readonly #writes = new Map<string, Write[]>();

  /** INCR was answered. Writes of a key follow each other. */
  written(key: string, sentAt: number, value: number): void {
    const writes = this.#writes.get(key) ?? [{ sentAt: 0, ackedAt: 0, value: 0 }];
    this.#writes.set(key, writes);
    writes.push({ sentAt, ackedAt: performance.now(), value });
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

  /** Whether Redis lost a write of this key. */
  lost(key: string): boolean {
    const values = (this.#writes.get(key) ?? []).map(({ value }) => value);
    return values.some((value, index) => index > 0 && value <= (values[index - 1] ?? 0));
  }
}
