// Reads that wait until a heartbeat proves that everything up to some moment has been applied.

import type { Lease } from '../cache/lease.js';

/** How long a read waits before it goes to Redis instead. Unit: ms. */
const PATIENCE = 25;

interface Waiting {
  readonly lease: Lease;
  readonly asOf: number;
  readonly resolve: () => void;
}

export class AwaitedProofs {
  readonly #waiting = new Set<Waiting>();

  /** Resolves when `asOf` is proven, when no proof can come any more, or when it takes too long. */
  async until(asOf: number, lease: Lease): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const waiting = { lease, asOf, resolve };
      this.#waiting.add(waiting);
      timer = setTimeout(() => this.#release(waiting), PATIENCE);
    });
    clearTimeout(timer);
  }

  /** Some lease has changed. */
  settle(): void {
    for (const waiting of this.#waiting) {
      const { asOf, lease } = waiting;
      if (!lease.armed || lease.provenAsOf >= asOf) this.#release(waiting);
    }
  }

  #release(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    waiting.resolve();
  }
}
