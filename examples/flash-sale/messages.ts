// What the processes of the sale tell each other over IPC: plain data, so that it survives serialisation.

import type { FlushReason, NearState, StateReason } from 'redis-near-cache';

/** Where Redis is: a server of its own, or some nodes of a cluster. */
export type RedisAddress =
  | { readonly url: string }
  | { readonly rootNodes: readonly { readonly url: string }[] };

/** What an application server is told at its start. */
export interface ServerBrief {
  readonly address: RedisAddress;
  /** Connection name; its tracking connection's is this plus `:tracking`. */
  readonly name: string;
  readonly seed: number;
  readonly readers: number;
}

/** What the writer is told at its start. */
export interface WriterBrief {
  readonly address: RedisAddress;
  readonly seed: number;
  /** The Redis process that ends with the sale, if the sale started it. */
  readonly redisPid: number | undefined;
}

/** From the coordinator to a child, obeyed one after the other; each is answered with `done`. */
export type Order =
  /** Application server: connect, in place of the client of the act before. */
  | { readonly order: 'open'; readonly nearCache: boolean }
  | { readonly order: 'read' }
  /** Application server: what is measured from here on counts. */
  | { readonly order: 'mark' }
  | { readonly order: 'report' }
  /** Application server: compare every key with Redis; writes are at rest. */
  | { readonly order: 'compare' }
  /** Writer: give every key its first value. */
  | { readonly order: 'stock' }
  | { readonly order: 'sell' }
  | { readonly order: 'rest' };

/** From a child to the coordinator. */
export type Message = ServerMessage | WriterMessage | { readonly kind: 'done' };

export type ServerMessage = Report | StateChange | Flush | Comparison;

export type WriterMessage = Acknowledgement;

/** What a reader saw of one version of the offer. */
export interface Sighting {
  readonly version: number;
  /** When the latest read that returned it was started: `monotonic()`, ms. */
  readonly readAt: number;
}

/** Several times a second. Counters rise from the moment the client was opened. */
export interface Report {
  readonly kind: 'report';
  /** `monotonic()`, ms. */
  readonly at: number;
  /** Of the near cache; `undefined` for the plain client. */
  readonly state: NearState | undefined;
  readonly reads: number;
  /** Reads that Redis did not answer; only where the sale goes on without it, else they end the sale. */
  readonly failures: number;
  /** Reads that returned an older offer than one that had been returned before they were started. */
  readonly stepsBack: number;
  /** By prefix; empty for the plain client. */
  readonly prefixes: Readonly<Record<string, { readonly hits: number; readonly reads: number }>>;
  /** Since the report before. */
  readonly recent: Latency;
  readonly sinceMark: Latency;
  readonly sightings: readonly Sighting[];
}

/** Percentiles; `null` where nothing was sampled. Unit: µs. */
export interface Latency {
  readonly readP50: number | null;
  readonly readP99: number | null;
  readonly hitP50: number | null;
  readonly hitP99: number | null;
}

export interface StateChange {
  readonly kind: 'state';
  readonly at: number;
  readonly from: NearState;
  readonly to: NearState;
  readonly reason: StateReason;
}

export interface Flush {
  readonly kind: 'flush';
  readonly reason: FlushReason;
  readonly entries: number;
}

export interface Comparison {
  readonly kind: 'compared';
  readonly keys: number;
  /** Of these, keys that the near cache answered from memory. */
  readonly fromMemory: number;
  /** Keys that still differed from Redis when there was no reason left. */
  readonly stuck: number;
}

/** The server said OK to this version of the offer. */
export interface Acknowledgement {
  readonly kind: 'acknowledged';
  readonly version: number;
  readonly at: number;
  /** The version that was there before, if the server was asked. */
  readonly replaced: number | undefined;
}
