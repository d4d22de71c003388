// What the coordinator and its children tell each other over IPC: plain data.

/** What an application server is told at its start. */
export interface ServerBrief {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly readers: number;
}

/** What the database is told at its start. */
export interface DatabaseBrief {
  readonly orders: number;
}

/** From the coordinator to an application server. */
export type Order =
  /** Switch this defence on, and read. */
  | { readonly order: 'read'; readonly defence: number }
  /** What is measured from here on counts. */
  | { readonly order: 'mark' }
  /** Read no more, and say how long reads took. */
  | { readonly order: 'stop' };

/** From an application server: every order is answered. */
export interface Answer {
  readonly kind: 'done';
  /** Unit: µs. Of `'stop'` only. */
  readonly latencies: readonly number[];
  readonly failures: number;
}

/** From a child that is ready. */
export interface Ready {
  readonly kind: 'ready';
  /** Of the database. */
  readonly url: string;
}
