// What a scenario is made of: who does what, one after the other, and what there is to do it on.

export type Key = 'a' | 'b';

export const KEYS: readonly Key[] = ['a', 'b'];

/** A read command. `both` stands for one whose reply hangs on both keys, as that of SINTER does. */
export type Reading = 'a' | 'b' | 'a otherwise' | 'both';

/** What an actor does next. It waits for what is answered before it goes on. */
export type Step =
  | { readonly do: 'read' | 'read past'; readonly what: Reading }
  | { readonly do: 'write' | 'write unseen' | 'outside write'; readonly key: Key }
  /** Somebody writes a key that expires so much later. The server never says that it did. */
  | { readonly do: 'outside write that expires'; readonly key: Key; readonly after: number }
  /** The reader is not interested in its reply any more. */
  | { readonly do: 'abort'; readonly actor: number }
  /** Every key changes at once, and the server says so by a null push. */
  | { readonly do: 'wipe' }
  /** Optimistic locking; the connection's database: another one has other values under the same names. */
  | { readonly do: 'watch' | 'exec' | 'select' }
  /** The data connection breaks with all that is on its way, and is there again. */
  | { readonly do: 'break'; readonly node: number }
  /**
   * The tracking connection of a node is lost, made anew, falls silent; a heartbeat is sent on it; its timer is due; all
   * that was sent on it has arrived.
   */
  | { readonly do: 'lose' | 'arm' | 'silence' | 'ping' | 'tick' | 'idle'; readonly node: number }
  /** The second node becomes the primary; the slot of key a moves to it; the client notices that. */
  | { readonly do: 'promote' | 'move slot' | 'follow' }
  /** Time goes by in which nothing runs: the event loop is blocked. */
  | { readonly do: 'pass'; readonly time: number };

/**
 * `pool`: a single server, and as many data connections as there are commands. `failover`: a primary and who takes its
 * place. `cluster`: two primaries, of which the first has both keys.
 */
export type Topology = 'single' | 'pool' | 'replicas' | 'failover' | 'cluster';

export interface Scenario {
  readonly name: string;
  readonly topology: Topology;
  readonly nodes: number;
  readonly maxStaleness: number;
  /** The server writes pushes when it likes, so that a PONG may overtake them. */
  readonly slowPushes?: boolean;
  /** Each goes through its steps by itself. */
  readonly actors: readonly (readonly Step[])[];
}

/** The keys that a reply hangs on; the first is that under which it is held. */
export function keysOf(what: Reading): readonly [Key, ...Key[]] {
  if (what === 'both') return ['a', 'b'];
  return [what === 'b' ? 'b' : 'a'];
}

/** The name of the reply among those of its key. */
export function idOf(what: Reading): string {
  if (what === 'both') return 'SINTER b';
  return what === 'a otherwise' ? 'STRLEN' : 'GET';
}

export const READINGS: readonly Reading[] = ['a', 'b', 'a otherwise', 'both'];

export function nameOf(step: Step): string {
  if ('what' in step) return `${step.do} ${step.what}`;
  if ('key' in step) return `${step.do} ${step.key}`;
  if ('node' in step) return `${step.do} node ${step.node}`;
  if ('actor' in step) return `${step.do} actor ${step.actor}`;
  return 'time' in step ? `${step.do} ${step.time} ms` : step.do;
}
