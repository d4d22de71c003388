// What the live view shows of Redis itself, by the server's own count.

export interface Gauge {
  readonly name: string;
  /** `undefined` while the server is silent. */
  readonly perSecond: number | undefined;
}

export interface Gauges {
  /** Asks the server, unless it still owes an answer. */
  ask(): Promise<void>;
  /** Between the last two answers. */
  read(): readonly Gauge[];
}
