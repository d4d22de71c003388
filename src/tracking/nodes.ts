// The nodes that are read from, each with a tracker and a lease of its own (rule C8): follows who is there.

import type { Lease } from '../cache/lease.js';
import { type TrackedNode, Tracker, type TrackerOptions } from './tracker.js';
import type { TrackingStats } from './tracking-stats.js';

export class Nodes {
  readonly #options: TrackerOptions;
  readonly #trackers = new Map<string, Tracker>();

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** The tracker of a node; `undefined` for a node that is not known. */
  get(id: string): Tracker | undefined {
    return this.#trackers.get(id);
  }

  get anyArmed(): boolean {
    return this.#leases.some(({ armed }) => armed);
  }

  get #leases(): Lease[] {
    return Array.from(this.#trackers.values(), ({ lease }) => lease);
  }

  /** `isFit` tells of a replica whether it answers reads. */
  stats(isFit: (id: string) => boolean): TrackingStats[] {
    return Array.from(this.#trackers, ([id, tracker]) => tracker.stats(isFit(id)));
  }

  /** Tracks these nodes and no others. */
  follow(nodes: readonly TrackedNode[]): void {
    this.know(nodes);
    for (const { id, endpoint } of nodes) this.#trackers.get(id)?.start(endpoint);
  }

  /** Has a lease for each of these nodes and for no others, without a connection yet. */
  know(nodes: readonly TrackedNode[]): void {
    const wanted = new Map(nodes.map((node) => [node.id, node]));
    for (const [id, tracker] of this.#trackers) {
      const node = wanted.get(id);
      // One that changed its role, or follows another primary, is another node: its offsets are of another history.
      if (node !== undefined && node.primary === tracker.primary) continue;
      this.#trackers.delete(id);
      tracker.stop('moved');
      this.#options.coherence.closeLease(tracker.lease);
    }
    for (const node of nodes) {
      if (!this.#trackers.has(node.id)) this.#trackers.set(node.id, new Tracker(this.#options, node));
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
