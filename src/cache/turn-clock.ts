// Time for the hit path: read once per event-loop turn and then ever more rarely, at least every 64 hits,
// so that a hit costs no clock read and neither a long turn nor an endless chain of microtasks freezes time.

/** Milliseconds on a monotonic scale of any origin: it may stand still and leap ahead, and should not go back. */
export type Clock = () => number;

/** Calls back when the current turn (one macrotask and its microtasks) is over. */
export type EndOfTurn = (callback: () => void) => void;

const MAX_READS_PER_LOOK = 64;

export class TurnClock {
  readonly #clock: Clock;
  readonly #endOfTurn: EndOfTurn;
  readonly #turnEnded = (): void => {
    this.#waiting = false;
    this.#left = 0;
    this.#stride = 1;
  };
  #time = Number.NEGATIVE_INFINITY;
  /** What the clock itself said at the last look. */
  #read = Number.NEGATIVE_INFINITY;
  /** By how much it was set back so far. */
  #lost = 0;
  /** Calls of `coarse()` that may still be answered from `#time`. */
  #left = 0;
  /** Doubles within a turn: the 1st, 2nd, 4th, 8th ... call looks, so a turn that blocks early is noticed. */
  #stride = 1;
  #waiting = false;

  constructor(clock: Clock, endOfTurn: EndOfTurn = process.nextTick) {
    this.#clock = clock;
    this.#endOfTurn = endOfTurn;
  }

  /** The time as of the last look: for hits. */
  coarse(): number {
    return this.#left-- > 0 ? this.#time : this.#look();
  }

  /** The time now: for everything that is not a hit. */
  exact(): number {
    const read = this.#clock();
    // A clock that is set back would prolong every lease by as much. Time goes on from the last look instead: the time
    // since then is lost, at most a heartbeat.
    if (read < this.#read) this.#lost += this.#read - read;
    this.#read = read;
    this.#time = read + this.#lost;
    return this.#time;
  }

  #look(): number {
    this.#left = this.#stride - 1;
    if (this.#stride < MAX_READS_PER_LOOK) this.#stride *= 2;
    if (!this.#waiting) {
      this.#waiting = true;
      this.#endOfTurn(this.#turnEnded);
    }
    return this.exact();
  }
}
