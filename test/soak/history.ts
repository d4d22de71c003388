// Every write of a soak and what may be read after it: each reply is checked against the promises (b) to (d). Redis loses
// writes in some faults; until a key was written anew after one, nothing can be said of it.

export interface Written {
  readonly version: number;
  /** When its acknowledgement arrived. Unit: ms of `performance.now()`. */
  readonly ackedAt: number;
}

export interface Verdict {
  /** How long the value had been superseded when the read began; 0 for the newest. Unit: ms. */
  readonly staleness: number;
  readonly violation: string | undefined;
}

interface KeyHistory {
  sent: number;
  /** Acknowledged, in order; the oldest are forgotten. */
  readonly acked: Written[];
  /** The first version acknowledged since Redis may have lost some; `undefined` while there is none. */
  firstKept: number | undefined;
}

/** A write on its way. */
export interface Sent {
  readonly key: string;
  readonly version: number;
  readonly losses: number;
}

/** What a reader knew of a key when its read began. */
export interface Asked {
  readonly key: string;
  readonly at: number;
  readonly losses: number;
  readonly floor: number;
  /** Whether anything can be said of the reply. */
  readonly isCertain: boolean;
}

const REMEMBERED = 2_000;

export class History {
  readonly #allowed: number;
  readonly #keys = new Map<string, KeyHistory>();
  /** Faults that may lose writes: how many began, and how many go on. */
  #losses = 0;
  #losing = 0;

  /** @param allowed staleness of a reply that breaks no promise. Unit: ms. */
  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  /** The key is about to be written. */
  sending(key: string): Sent {
    return { key, version: ++this.#of(key).sent, losses: this.#losses };
  }

  /** @returns whether Redis has it for sure: it was sent after the last loss */
  acknowledged({ key, losses, version }: Sent): boolean {
    const history = this.#of(key);
    history.acked.push({ version, ackedAt: performance.now() });
    if (history.acked.length > REMEMBERED) history.acked.shift();
    const isKept = this.#losing === 0 && losses === this.#losses;
    if (isKept) history.firstKept ??= version;
    return isKept;
  }

  /** Redis may lose writes from now on, until the function returned is called. */
  losing(): () => void {
    this.#losing++;
    this.#forget();
    return () => {
      this.#losing--;
      this.#forget();
    };
  }

  #forget(): void {
    this.#losses++;
    for (const history of this.#keys.values()) history.firstKept = undefined;
  }

  /** A read begins, by a reader that has seen versions up to `seen` of the key. */
  asking(key: string, seen: Seen): Asked {
    const { firstKept } = this.#of(key);
    const floor = seen.losses === this.#losses ? seen.version : 0;
    return {
      key,
      at: performance.now(),
      losses: this.#losses,
      floor,
      isCertain: this.#losing === 0 && firstKept !== undefined,
    };
  }

  /** The read is answered. */
  judge(asked: Asked, version: number): Verdict {
    const { acked, firstKept = 0 } = this.#of(asked.key);
    if (!asked.isCertain || asked.losses !== this.#losses) return { staleness: 0, violation: undefined };
    if (version < asked.floor)
      return { staleness: 0, violation: `${asked.key} went back to ${version} from ${asked.floor}` };
    const next = acked.find((written) => written.version > version && written.version >= firstKept);
    const staleness = next === undefined ? 0 : Math.max(0, asked.at - next.ackedAt);
    const tooOld = staleness > this.#allowed;
    return {
      staleness,
      violation: tooOld
        ? `${asked.key} was ${version}, superseded ${Math.round(staleness)} ms before`
        : undefined,
    };
  }

  get losses(): number {
    return this.#losses;
  }

  #of(key: string): KeyHistory {
    let history = this.#keys.get(key);
    if (history === undefined) {
      history = { sent: 0, acked: [], firstKept: undefined };
      this.#keys.set(key, history);
    }
    return history;
  }
}

/** The newest version that a process has seen of a key, and how many losses there had been by then. */
export interface Seen {
  readonly version: number;
  readonly losses: number;
}
