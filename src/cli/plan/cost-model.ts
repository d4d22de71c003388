// What a Redis server pays for writes that are pushed to tracking connections: which of the measured costs a write
// takes, and how much of each. The benchmark fits the costs by these quantities, the calculator adds them up by the same.

/** Costs of one server, fitted to measurements. Unit: µs of the main thread's CPU. */
export interface ServerCosts {
  /** A write, what it takes to get it left out. */
  readonly write: number;
  /** A read, likewise. */
  readonly read: number;
  /** One connection's commands of a turn: read them, send the answers. */
  readonly exchange: number;
  /** A turn of the event loop, beside that. */
  readonly turn: number;
  /** Looking through the prefixes with each write, per unit of `prefixes x ln(1 + prefixes)`. */
  readonly prefix: number;
  /** Keeping a changed key until the end of the turn, whoever is told. */
  readonly noted: number;
  /** Starting to push at the end of a turn. */
  readonly pushing: number;
  /** Writing to the socket of one tracking connection, once per turn. */
  readonly delivery: number;
  /** One more message to one tracking connection: there is one per prefix in each turn. */
  readonly message: number;
  /** One key to one tracking connection, in a message that all share. */
  readonly sharedKey: number;
  /** One key to one tracking connection with NOLOOP, whose message is made apart. */
  readonly apartKey: number;
  /** One byte of a key to one tracking connection. */
  readonly keyByte: number;
  /** Sending a write on to one replica. */
  readonly feed: number;
  /** Sending on to one replica what a turn has gathered. */
  readonly feedTurn: number;
  /** A replica's own execution of a write. */
  readonly apply: number;
  /** A replica's turn of the event loop with what its primary sent. */
  readonly applyTurn: number;
}

/** Costs of a process with a near cache, fitted to measurements. Unit: µs of CPU. */
export interface ClientCosts {
  /** Waking up for what one write to the tracking connection brings. */
  readonly wake: number;
  /** A key that is not held. */
  readonly key: number;
  /** A key that is held, and dropped. */
  readonly heldKey: number;
}

/** What was measured with one server on one machine. */
export interface MeasuredCosts {
  readonly server: string;
  readonly machine: string;
  readonly node: string;
  readonly costs: ServerCosts;
  readonly client: ClientCosts;
}

/** Writes, or reads, as one server meets them. */
export interface ServerLoad {
  readonly kind: 'write' | 'read' | 'replicated write';
  /** Tracking connections that a write is pushed to. */
  readonly trackers: number;
  /** Distinct prefixes that all trackers together have registered. */
  readonly prefixes: number;
  /** Of these, those that the writes of a turn are spread over. */
  readonly written: number;
  /** Commands that the server finds in one turn of its event loop. */
  readonly batch: number;
  /** Of these, those of one connection. */
  readonly pipeline: number;
  /** Unit: bytes. */
  readonly keyLength: number;
  readonly noLoop: boolean;
  /** Replicas that the server feeds. */
  readonly replicas: number;
}

/** How much of each cost one command takes. */
export function quantities(load: ServerLoad): Record<keyof ServerCosts, number> {
  const { batch, keyLength, kind, noLoop, pipeline, prefixes, replicas, trackers } = load;
  const isWrite = kind !== 'read';
  const hears = isWrite && trackers > 0 && load.written > 0;
  const told = hears ? trackers : 0;
  const fed = isWrite ? replicas : 0;
  return {
    write: kind === 'write' ? 1 : 0,
    read: kind === 'read' ? 1 : 0,
    exchange: kind === 'replicated write' ? 0 : 1 / pipeline,
    turn: kind === 'replicated write' ? 0 : 1 / batch,
    prefix: isWrite && trackers > 0 ? prefixes * Math.log1p(prefixes) : 0,
    noted: hears ? 1 : 0,
    pushing: hears ? 1 / batch : 0,
    delivery: told / batch,
    message: (told * messagesPerTurn(batch, load.written)) / batch,
    sharedKey: noLoop ? 0 : told,
    apartKey: noLoop ? told : 0,
    keyByte: told * keyLength,
    feed: fed,
    feedTurn: fed / batch,
    apply: kind === 'replicated write' ? 1 : 0,
    applyTurn: kind === 'replicated write' ? 1 / batch : 0,
  };
}

/** What one command costs the server. Unit: µs of CPU. */
export function serverCost(load: ServerLoad, costs: ServerCosts): number {
  let sum = 0;
  for (const [name, quantity] of Object.entries(quantities(load))) {
    sum += quantity * costs[name as keyof ServerCosts];
  }
  return sum;
}

/** How many prefixes the keys of a turn are expected to hit when each falls on any of them. */
export function messagesPerTurn(batch: number, prefixes: number): number {
  if (prefixes <= 0) return 0;
  return prefixes === 1 ? 1 : -prefixes * Math.expm1(batch * Math.log1p(-1 / prefixes));
}

/** What one invalidation takes to one tracking connection, as the protocol has it. Unit: bytes. */
export function bytesPerInvalidation(batch: number, prefixes: number, keyLength: number): number {
  const messages = messagesPerTurn(batch, prefixes);
  if (messages === 0) return 0;
  const keys = batch / messages;
  const head = '>2\r\n$10\r\ninvalidate\r\n*\r\n'.length + digits(keys);
  return head / keys + '$\r\n\r\n'.length + digits(keyLength) + keyLength;
}

function digits(count: number): number {
  return `${Math.max(1, Math.floor(count))}`.length;
}
