// The nodes that are read from, each with a tracker and a lease of its own (rule C8): follows who is there.

import type { Lease } from '../cache/lease.js';
import type { Endpoint } from './endpoint.js';
import type { NodeWatch } from './node-watch.js';
import { Tracker, type TrackerOptions, type TrackingStats } from './tracker.js';

/** One node that is read from. */
export interface TrackedNode {
  /** Names it among the others. */
  readonly id: string;
  readonly endpoint: Endpoint;
  /** What it is asked with each heartbeat. */
  readonly watch: NodeWatch | undefined;
}

export class Nodes {
  readonly #options: TrackerOptions;
  readonly #trackers = new Map<string, Tracker>();

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** The lease of a node's session; `undefined` for a node that is not known. */
  leaseOf(id: string): Lease | undefined {
    return this.#trackers.get(id)?.lease;
  }

  get leases(): Lease[] {
    return Array.from(this.#trackers.values(), ({ lease }) => lease);
  }

  get anyArmed(): boolean {
    return this.leases.some(({ armed }) => armed);
  }

  stats(): TrackingStats[] {
    return Array.from(this.#trackers.values(), (tracker) => tracker.stats());
  }

  /** Tracks these nodes and no others. */
  follow(nodes: readonly TrackedNode[]): void {
    this.know(nodes);
    for (const { id, endpoint } of nodes) this.#trackers.get(id)?.start(endpoint);
  }

  /** Has a lease for each of these nodes and for no others, without a connection yet. */
  know(nodes: readonly TrackedNode[]): void {
    const wanted = new Set(nodes.map(({ id }) => id));
    for (const [id, tracker] of this.#trackers) {
      if (wanted.has(id)) continue;
      this.#trackers.delete(id);
      tracker.stop();
      this.#options.coherence.closeLease(tracker.lease);
    }
    for (const { id, endpoint, watch } of nodes) {
      if (!this.#trackers.has(id)) this.#trackers.set(id, new Tracker(this.#options, endpoint, watch));
    }
  }

  /** Ends every session; who is followed afterwards starts anew. */
  stop(): void {
    for (const tracker of this.#trackers.values()) tracker.stop();
  }

  prove(): void {
    for (const tracker of this.#trackers.values()) tracker.prove();
  }

  async followCoverage(): Promise<void> {
    await Promise.all(Array.from(this.#trackers.values(), (tracker) => tracker.followCoverage()));
  }
}
