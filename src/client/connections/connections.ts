// The data client's connections: which nodes there are, which of them has a key, and how a read gets there. One file
// per kind of client implements it: a single connection, a pool, a cluster, a sentinel.

import type { DataClientOptions } from '../../tracking/endpoint.js';
import { invoke } from '../methods.js';

/** A node that a read can be sent to. */
export interface DataNode {
  /** Names it among the others. */
  readonly id: string;
  /** A connection to it alone; `undefined` where the data client leads there by itself. */
  readonly client: object | undefined;
  /** Of a replica, which may be left out while a read is under way there. */
  readonly unfit?: Unfit | undefined;
  /**
   * It is a replica in a cluster, which is not told that a slot is on its way to another shard: a key that it lacks may
   * have gone there already. Only the primary answers ASK.
   */
  readonly missesMoves?: boolean | undefined;
}

/** How a read at a replica and its health depend on each other. */
export interface Unfit {
  /** A read is under way: calls back once if the replica is left out. @returns what to call when its reply is there */
  onLeft(callback: () => void): () => void;
  /** The replica could not answer. */
  failed(): void;
}

/** A node that is read from. */
export interface KnownNode extends DataNode {
  /** Where and as whom its client connects. */
  readonly options: DataClientOptions;
  /** The primary that it replicates; `undefined` for a primary. */
  readonly primary: string | undefined;
}

export interface Connections {
  /** Whether reads are answered in the order they were sent: by one connection. */
  readonly isOrdered: boolean;
  /** Commands can be sent. */
  readonly isReady: boolean;
  /** Nothing that is sent waits for a server that is away. */
  readonly isWhole: boolean;
  /** The client was closed, or never connected: not merely without a connection for the moment. */
  readonly isClosed: boolean;
  /** Whether the nodes may change while the client is connected. */
  readonly change: 'never' | 'by slots' | 'by failover';
  /** A client that leads to this primary alone, which those of its replicas are made after; `undefined`: not known yet. */
  template(primary: string): object | undefined;
  /** The primary that has a key; `undefined` while that is not known. */
  nodeOf(key: string): DataNode | undefined;
  /** The primaries, and the replicas where these are read from; `undefined` until {@link learn} has found them out. */
  nodes(): readonly KnownNode[] | undefined;
  /** Finds out where the client connects; it must be connected. */
  learn(): Promise<void>;
  /**
   * What a read is called on that the data client leads to `node` by itself, instead of `target`, so that `before` runs
   * right before it, on the same connection. `detoured` is called if another node answers.
   */
  on(target: object, node: DataNode, before: Before, detoured: () => void): object;
  /** What a read is called on, instead of `target`, so that the client itself leads it to a primary, as it does a write. */
  atPrimary(target: object): object;
}

/** Sends commands as they are, right before a read. */
export type Before = (send: (command: readonly string[]) => unknown) => void;

/** In the types that are node-redis' defaults, whatever the client's own are. */
export function sendPlain(client: object, command: readonly string[]): unknown {
  return invoke(client, ['sendCommand'], [command, { typeMapping: {}, timeout: undefined }]);
}

/** Options of a node-redis client, of any major. */
export function optionsOf(client: object): DataClientOptions {
  return (Reflect.get(client, 'options') as DataClientOptions | undefined) ?? {};
}

/** How a read that was sent to one node may end elsewhere. */
export interface WaysOut {
  /** Sends it the client's own way, which leads to the primary. */
  readonly own: () => Promise<unknown>;
  /** Called before that, and again when the answer is there. */
  readonly detoured: () => void;
  /** Whether what the node answered is to be relied on. */
  readonly trusted?: ((value: unknown) => Promise<boolean>) | undefined;
}

/** A read that was sent to one node. What that node has not got, and what a replica can't answer, goes the client's own way. */
export function readAt(node: DataNode, sent: Promise<unknown>, ways: WaysOut): Promise<unknown> {
  const { detoured, own, trusted } = ways;
  const reply = trusted === undefined ? sent : trustworthy(sent, trusted);
  const elsewhere = (): Promise<unknown> => {
    detoured();
    return own().finally(detoured);
  };
  const { unfit } = node;
  if (unfit === undefined) {
    return reply.catch((error: unknown) => {
      if (!isRedirection(error)) throw error;
      return elsewhere();
    });
  }
  return new Promise((resolve, reject) => {
    let isLeft = false;
    const arrived = unfit.onLeft(() => {
      isLeft = true;
      elsewhere().then(resolve, reject);
    });
    reply.then(
      (value) => {
        arrived();
        // What comes after all may come from another primary's replica.
        if (!isLeft) resolve(value);
      },
      (error: unknown) => {
        arrived();
        if (isLeft) return;
        if (isOfTheCommand(error)) return reject(error);
        if (!isRefusal(error)) unfit.failed();
        elsewhere().then(resolve, reject);
      },
    );
  });
}

/** The node does not have the slot, or not only. */
function isRedirection(error: unknown): boolean {
  return error instanceof Doubted || (error instanceof Error && /^(MOVED|ASK) /.test(error.message));
}

/** What a node said is not to be relied on: another has to be asked. */
class Doubted extends Error {}

async function trustworthy(
  reply: Promise<unknown>,
  trusted: (value: unknown) => Promise<boolean>,
): Promise<unknown> {
  const value = await reply;
  if (!(await trusted(value))) throw new Doubted();
  return value;
}

/** What the key holds does not suit the command. */
function isOfTheCommand(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE ');
}

/** The replica is in order, and does not do this: it may have other permissions, or not know the command. */
function isRefusal(error: unknown): boolean {
  return isRedirection(error) || (error instanceof Error && /^(ERR|NOPERM|CROSSSLOT) /.test(error.message));
}
