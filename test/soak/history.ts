// Every write of a soak and what may be read after it: each reply is checked against the promises (b) to (d). What Redis
// itself lost is told to it, as narrowly as the fault allows; of everything else nothing is forgiven.

/** Which keys a loss concerns. */
export type Scope = (key: string) => boolean;

export const EVERY_KEY: Scope = () => true;

/** A write on its way. Unit of moments everywhere here: ms of `performance.now()`. */
export interface Sent {
  readonly key: string;
  readonly version: number;
  readonly sentAt: number;
  /** Losses of its key that had begun or ended by then. */
  readonly turns: number;
  /** Wipes of its key that were over by then: it certainly came after these. */
  readonly after: number;
}

interface Acked {
  readonly version: number;
  readonly sentAt: number;
  readonly ackedAt: number;
  readonly after: number;
  /** Wipes of its key that had begun when it was answered: it certainly came before any later one. */
  readonly before: number;
  /** Redis may have lost it. */
  doubtful: boolean;
}

interface Wipe {
  readonly from: number;
  /** Infinite while it goes on. */
  to: number;
}

interface KeyHistory {
  sent: number;
  /** In order; the oldest are forgotten. */
  acked: Acked[];
  readonly wipes: Wipe[];
  /** Losses that go on, and how often one began or ended. */
  losing: number;
  turns: number;
}

/** What a process has seen of a key. Its reads never go back behind it. */
interface Floor {
  readonly version: number;
  /** What is certain to have come before so many wipes is gone. */
  readonly wipes: number;
  readonly isMissing: boolean;
  readonly isOwn: boolean;
}

/** A read as it begins. */
export interface Asked {
  readonly key: string;
  readonly at: number;
  readonly floor: Floor;
}

export interface Verdict {
  /** How long the value had certainly been superseded when the read began; 0 for the newest. Unit: ms. */
  readonly staleness: number;
  readonly violation: string | undefined;
}

/** Nothing seen yet. */
const NOTHING: Floor = { version: 0, wipes: 0, isMissing: true, isOwn: false };

const REMEMBERED = 2_000;

export class History {
  readonly #allowed: number;
  readonly #keys = new Map<string, KeyHistory>();
  /** What goes on. Keys that appear meanwhile are concerned too. */
  readonly #open = new Set<{ readonly scope: Scope; readonly join: (history: KeyHistory) => void }>();

  /** @param allowed staleness of a reply that breaks no promise. Unit: ms. */
  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  // --- writes: of one key one after the other; after one that failed the key is not written again ---------------

  sending(key: string, sentAt: number): Sent {
    const history = this.#of(key);
    const after = history.wipes.filter(({ to }) => to <= sentAt).length;
    return { key, version: ++history.sent, sentAt, turns: history.turns, after };
  }

  acknowledged({ key, version, sentAt, turns, after }: Sent, ackedAt: number): void {
    const history = this.#of(key);
    const doubtful = history.losing > 0 || turns !== history.turns;
    const before = history.wipes.filter(({ from }) => from <= ackedAt).length;
    history.acked.push({ version, sentAt, ackedAt, after, before, doubtful });
    if (history.acked.length > 2 * REMEMBERED) history.acked = history.acked.slice(REMEMBERED);
  }

  // --- losses --------------------------------------------------------------------------------------------------

  /** Redis may lose what it acknowledged from `since` on, until the function returned is called. */
  mayLose(scope: Scope, since: number): () => void {
    return this.#begin(
      scope,
      (history) => {
        history.losing++;
        history.turns++;
        for (const acked of history.acked) if (acked.ackedAt >= since) acked.doubtful = true;
      },
      (history) => {
        history.losing--;
        history.turns++;
      },
    );
  }

  /** Redis loses everything at some moment from `from` on, and has done so when the function returned is called. */
  wipes(scope: Scope, from: number): (to: number) => void {
    const wipe: Wipe = { from, to: Number.POSITIVE_INFINITY };
    const end = this.#begin(
      scope,
      (history) => history.wipes.push(wipe),
      () => {},
    );
    return (to) => {
      wipe.to = to;
      end();
    };
  }

  #begin(
    scope: Scope,
    join: (history: KeyHistory) => void,
    leave: (history: KeyHistory) => void,
  ): () => void {
    const joined: KeyHistory[] = [];
    const open = {
      scope,
      join: (history: KeyHistory): void => {
        join(history);
        joined.push(history);
      },
    };
    for (const [key, history] of this.#keys) if (scope(key)) open.join(history);
    this.#open.add(open);
    return () => {
      this.#open.delete(open);
      for (const history of joined) leave(history);
    };
  }

  // --- reads ---------------------------------------------------------------------------------------------------

  /** What one process sees. */
  view(): View {
    return new View(this);
  }

  /** The read is answered: 0 stands for a missing key. */
  judge({ key, at, floor }: Asked, version: number): Verdict {
    const history = this.#of(key);
    const back = this.#stepBack(history, floor, version);
    if (back !== undefined) {
      const promise = floor.isOwn ? '(c) lost its own write' : '(d) went back';
      return { staleness: 0, violation: `${promise}: ${key} was ${version || 'missing'}, ${back}` };
    }
    const staleness = Math.max(0, at - this.#supersededAt(history, version));
    if (staleness <= this.#allowed) return { staleness, violation: undefined };
    const text = `${key} was ${version || 'missing'}, superseded ${Math.round(staleness)} ms before`;
    return { staleness, violation: `(b) too old: ${text}` };
  }

  /** What a process that has seen `now` has seen once a read that it began earlier is answered too. */
  seen({ floor, key }: Asked, now: Floor, version: number): Floor {
    const history = this.#of(key);
    if (version > 0) {
      const wipes = Math.max(now.wipes, this.#after(history, version));
      return version > now.version
        ? { version, wipes, isMissing: false, isOwn: false }
        : { ...now, wipes, isMissing: now.isMissing && now.version > 0 };
    }
    // It may have been answered before what was seen meanwhile.
    if (floor.version !== now.version) return now;
    const wasWiped = floor.version > 0 && !floor.isMissing && !this.#isDoubtful(history, floor.version);
    const wipes = wasWiped ? Math.max(now.wipes, this.#after(history, floor.version) + 1) : now.wipes;
    return { ...now, wipes, isMissing: true };
  }

  #stepBack(history: KeyHistory, floor: Floor, version: number): string | undefined {
    if (version > history.sent) return 'which nobody ever wrote';
    const wasDoubtful = this.#isDoubtful(history, floor.version);
    if (version === 0) {
      if (floor.isMissing) return undefined;
      const wiped = history.wipes.length > this.#after(history, floor.version);
      if (wiped || (wasDoubtful && this.#mayBeMissingBefore(history, floor.version))) return undefined;
      return `after ${floor.version}`;
    }
    if (this.#before(history, version) < floor.wipes) return 'which was wiped out before';
    if (version >= floor.version) return undefined;
    if (wasDoubtful && version >= this.#lastCertain(history, floor.version)) return undefined;
    return `after ${floor.version}`;
  }

  /** When this was certainly not the newest any more; infinite if it may be. */
  #supersededAt(history: KeyHistory, version: number): number {
    const { acked, wipes } = history;
    const last = wipes.at(-1);
    if (version === 0) {
      const next = acked.find(
        ({ doubtful, sentAt }) => !doubtful && (last === undefined || sentAt >= last.to),
      );
      return next?.ackedAt ?? Number.POSITIVE_INFINITY;
    }
    const from = indexOf(acked, version);
    let written = Number.POSITIVE_INFINITY;
    for (let index = from; index < acked.length; index++) {
      const each = acked[index];
      if (each === undefined || each.doubtful || each.version === version) continue;
      written = each.ackedAt;
      break;
    }
    const wiped = wipes[this.#before(history, version)]?.to ?? Number.POSITIVE_INFINITY;
    return Math.min(written, wiped);
  }

  /** Wipes that are certainly older than this version. */
  #after(history: KeyHistory, version: number): number {
    return find(history.acked, version)?.after ?? 0;
  }

  /** Wipes that may be older than this version: a later one has certainly taken it away. */
  #before(history: KeyHistory, version: number): number {
    return find(history.acked, version)?.before ?? history.wipes.length;
  }

  /** Redis may have lost it. So it may what it never acknowledged, as soon as it lost anything. */
  #isDoubtful(history: KeyHistory, version: number): boolean {
    if (version === 0) return false;
    return find(history.acked, version)?.doubtful ?? history.turns > 0;
  }

  /** Without this version and others that Redis may have lost, the key may be missing: it never was there, or was wiped out. */
  #mayBeMissingBefore(history: KeyHistory, version: number): boolean {
    const certain = this.#lastCertain(history, version);
    return certain === 0 || history.wipes.length > this.#after(history, certain);
  }

  /** The newest version up to this one that Redis has certainly not lost; 0 if there is none. */
  #lastCertain({ acked }: KeyHistory, version: number): number {
    for (let index = Math.min(indexOf(acked, version), acked.length - 1); index >= 0; index--) {
      const each = acked[index];
      if (each !== undefined && each.version <= version && !each.doubtful) return each.version;
    }
    return 0;
  }

  #of(key: string): KeyHistory {
    let history = this.#keys.get(key);
    if (history === undefined) {
      history = { sent: 0, acked: [], wipes: [], losing: 0, turns: 0 };
      this.#keys.set(key, history);
      for (const { scope, join } of this.#open) if (scope(key)) join(history);
    }
    return history;
  }
}

/** What one process has seen and written so far, by whichever of its reads. */
export class View {
  readonly #history: History;
  readonly #floors = new Map<string, Floor>();

  constructor(history: History) {
    this.#history = history;
  }

  asking(key: string, at: number): Asked {
    return { key, at, floor: this.#floors.get(key) ?? NOTHING };
  }

  /** The read is answered: 0 stands for a missing key. */
  answered(asked: Asked, version: number): Verdict {
    const verdict = this.#history.judge(asked, version);
    const { key } = asked;
    this.#floors.set(key, this.#history.seen(asked, this.#floors.get(key) ?? NOTHING, version));
    return verdict;
  }

  /** A write of this process was acknowledged. */
  wrote({ key, version, after }: Sent): void {
    const floor = this.#floors.get(key) ?? NOTHING;
    if (version < floor.version) return;
    this.#floors.set(key, { version, wipes: Math.max(after, floor.wipes), isMissing: false, isOwn: true });
  }
}

/** The first element of at least this version. */
function indexOf(acked: readonly Acked[], version: number): number {
  let [low, high] = [0, acked.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((acked[middle]?.version ?? 0) < version) low = middle + 1;
    else high = middle;
  }
  return low;
}

function find(acked: readonly Acked[], version: number): Acked | undefined {
  const found = acked[indexOf(acked, version)];
  return found?.version === version ? found : undefined;
}
