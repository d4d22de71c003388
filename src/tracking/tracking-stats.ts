// What `stats().tracking` says of each node.

/** One row of `stats().tracking`. */
export interface TrackingStats {
  /** `host:port`, or the path of a unix socket. */
  readonly node: string;
  readonly role: 'primary' | 'replica';
  /**
   * `'standby'`: connected, but the node has no authority: a primary that was replaced or is cut off from its cluster, a
   * replica whose link is down. `'refused'`: the server will not track; it is asked again every 30 s.
   */
  readonly state: 'connecting' | 'standby' | 'armed' | 'lost' | 'refused' | 'closed';
  /** Rises at every arm and every loss. */
  readonly epoch: number;
  /** Round trip of the last heartbeat, ms; `null` before the first. */
  readonly rtt: number | null;
  /** Times the connection came back after a loss. */
  readonly reconnects: number;
  /** Keys the server said had changed, a flush counting as one. */
  readonly invalidations: number;
  /** For how long entries may still be served without another proof, ms. */
  readonly leaseRemaining: number;
  /** How far a replica may be behind its primary, by offsets, ms; `null` at a primary and while it is not known. */
  readonly lag: number | null;
  /** Whether misses may go there now. */
  readonly answers: boolean;
  /** Misses that were sent to this replica; 0 at a primary. */
  readonly replicaReads: number;
}
