// Which node answers a miss (rules C9, C10): one and the same replica for a key as long as that is fit, and none that may
// know less of the key than this process has seen. Pure state; time and chance come from outside.

import type { Detours } from '../cache/detours.js';
import type { Lease } from '../cache/lease.js';
import { HotReads } from './hot-reads.js';

/** A node as routing sees it. */
export interface Candidate {
  readonly id: string;
  readonly lease: Lease;
  /** Round trip of its heartbeats, smoothed. Unit: ms. */
  readonly rtt: number | undefined;
  /** Its data connection is there. */
  readonly isConnected: boolean;
}

/** Why a replica answers no misses. */
export type UnfitReason = 'connection' | 'tracking' | 'lag' | 'error';

export interface RoutingRules {
  readonly reads: 'replicas' | 'nearest' | 'hot';
  /** Unit: ms. */
  readonly maxLag: number;
  /** Misses within a second. */
  readonly hotAfter: number;
  readonly random: () => number;
  readonly detours: Detours;
  /** A replica answers reads from now on, or does not any more. */
  readonly changed: (id: string, unfit: UnfitReason | undefined) => void;
  /** A replica of this primary would have answered if it were known to know enough: it should be asked soon. */
  readonly behind: (primary: string) => void;
}

interface Standing {
  unfit: UnfitReason | undefined;
  /** Since when: what was read elsewhere before must be covered. */
  since: number;
  /** A read there failed since it was last judged. */
  hasFailed: boolean;
  /** After an error it is left out until then. */
  failedUntil: number;
}

/** How long a replica is left out after an error. Unit: ms. */
const PENALTY = 1_000;

/** How much nearer another node must be before reads move there. */
const MUCH_NEARER = 0.7;

export class ReadRouting {
  readonly #rules: RoutingRules;
  readonly #salt: string;
  readonly #hot: HotReads;
  readonly #standings = new Map<string, Standing>();
  /** By primary: the nearest node of its shard, and since when that is so. */
  readonly #nearest = new Map<string, { readonly id: string; readonly since: number }>();

  constructor(rules: RoutingRules) {
    this.#rules = rules;
    // Every process of a fleet has its own: together they spread a key over all replicas.
    this.#salt = String(rules.random());
    this.#hot = new HotReads(rules.hotAfter);
  }

  /** Who answers a read that hangs on these keys; `undefined` stands for the primary. */
  choose(
    primary: Candidate,
    replicas: readonly Candidate[],
    keys: readonly string[],
    now: number,
  ): Candidate | undefined {
    const { detours, reads } = this.#rules;
    const [key = ''] = keys;
    if (reads === 'hot' && !this.#hot.count(key, now)) return undefined;
    let floor = Number.NEGATIVE_INFINITY;
    for (const each of keys) floor = Math.max(floor, detours.since(each));
    for (const replica of replicas) this.judge(replica, now);
    return reads === 'nearest'
      ? this.#chooseNearest(primary, replicas, floor, now)
      : this.#chooseForAll(primary, replicas, keys, floor);
  }

  /** Looks whether a replica is fit to answer. */
  judge(replica: Candidate, now: number): boolean {
    const standing = this.#standingOf(replica.id, now);
    const unfit = this.#whyUnfit(replica, standing, now);
    if (unfit !== standing.unfit) {
      // Only from fit to unfit and back do reads go elsewhere.
      if ((unfit === undefined) !== (standing.unfit === undefined)) standing.since = now;
      standing.unfit = unfit;
      this.#rules.changed(replica.id, unfit);
    }
    return unfit === undefined;
  }

  isFit(id: string): boolean {
    const standing = this.#standings.get(id);
    return standing !== undefined && standing.unfit === undefined;
  }

  /** A read at this replica failed. Its time out begins when it is judged next. */
  failed(id: string): void {
    const standing = this.#standings.get(id);
    if (standing !== undefined) standing.hasFailed = true;
  }

  /** The nodes are others than before: whoever answers next must cover what was read until now. */
  reset(now: number, known: ReadonlySet<string>): void {
    for (const id of this.#standings.keys()) if (!known.has(id)) this.#standings.delete(id);
    this.#nearest.clear();
    this.#rules.detours.noteAll(now);
  }

  /** Keys that are read from different replicas are read together at the primary: no replica has to know of both. */
  #chooseForAll(
    primary: Candidate,
    replicas: readonly Candidate[],
    keys: readonly string[],
    floor: number,
  ): Candidate | undefined {
    const [chosen, ...others] = keys.map((key) => this.#chooseByRank(primary, replicas, key, floor));
    return others.every((other) => other === chosen) ? chosen : undefined;
  }

  /** The first fit one by rank; it must cover what the ones before it answered while they were fit. */
  #chooseByRank(
    primary: Candidate,
    replicas: readonly Candidate[],
    key: string,
    floor: number,
  ): Candidate | undefined {
    const ranked = replicas
      .map((replica) => ({ replica, weight: weightOf(`${this.#salt}\0${replica.id}\0${key}`) }))
      .sort((a, b) => b.weight - a.weight);
    let since = floor;
    for (const { replica } of ranked) {
      const standing = this.#standings.get(replica.id);
      if (standing === undefined) continue;
      since = Math.max(since, standing.since);
      if (standing.unfit === undefined) return this.#ifCovers(since, replica, primary);
    }
    return undefined;
  }

  #chooseNearest(
    primary: Candidate,
    replicas: readonly Candidate[],
    floor: number,
    now: number,
  ): Candidate | undefined {
    const fit = [primary, ...replicas.filter(({ id }) => this.isFit(id))];
    const rtt = (of: Candidate): number => of.rtt ?? Number.POSITIVE_INFINITY;
    const best = fit.reduce((nearest, each) => (rtt(each) < rtt(nearest) ? each : nearest));
    const held = this.#nearest.get(primary.id);
    const current = fit.find(({ id }) => id === held?.id);
    if (current === undefined || rtt(best) < rtt(current) * MUCH_NEARER)
      this.#nearest.set(primary.id, { id: best.id, since: now });
    const { id, since } = this.#nearest.get(primary.id) ?? { id: primary.id, since: now };
    const chosen = replicas.find((replica) => replica.id === id);
    const from = Math.max(floor, since, this.#standings.get(id)?.since ?? Number.NEGATIVE_INFINITY);
    return chosen && this.#ifCovers(from, chosen, primary);
  }

  /** Keys that are often read at the primary would stay there if only heartbeats told what a replica has applied. */
  #ifCovers(since: number, replica: Candidate, primary: Candidate): Candidate | undefined {
    if (replica.lease.coversAsOf >= since) return replica;
    this.#rules.behind(primary.id);
    return undefined;
  }

  /** One that is met for the first time has answered nothing yet. */
  #standingOf(id: string, now: number): Standing {
    let standing = this.#standings.get(id);
    if (standing === undefined) {
      standing = { unfit: 'tracking', since: now, hasFailed: false, failedUntil: Number.NEGATIVE_INFINITY };
      this.#standings.set(id, standing);
    }
    return standing;
  }

  #whyUnfit(replica: Candidate, standing: Standing, now: number): UnfitReason | undefined {
    if (standing.hasFailed) standing.failedUntil = now + PENALTY;
    standing.hasFailed = false;
    if (!replica.isConnected) return 'connection';
    if (!replica.lease.armed) return 'tracking';
    if (now < standing.failedUntil) return 'error';
    return now - replica.lease.coversAsOf > this.#rules.maxLag ? 'lag' : undefined;
  }
}

/** FNV-1a with a final mix, so that texts that differ in one place only are spread well. */
function weightOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
