// The process under test: the real coherence core, sessions, offsets and routing, between a client of a few lines and
// the model's connections. What the client does is what src/client does, without node-redis.

import { Coherence } from '../../src/cache/coherence.js';
import type { Flight } from '../../src/cache/flights.js';
import { ReadRouting } from '../../src/routing/read-routing.js';
import { WrittenOffsets } from '../../src/tracking/replication.js';
import { Session } from '../../src/tracking/session.js';
import { Channel } from './channel.js';
import type { Promises } from './promises.js';
import { type ModelServer, type Told, Tracked } from './server.js';

const ID = 'GET';
const HISTORY = 'history';

export interface Settings {
  readonly maxStaleness: number;
  readonly reads: 'primary' | 'replicas';
  readonly clock: () => number;
  readonly promises: Promises;
  readonly write: (key: string) => number;
}

type Request =
  | { readonly kind: 'read'; readonly key: string; readonly reply: (version: number) => void }
  | { readonly kind: 'write'; readonly key: string; readonly reply: (version: number) => void };

/** A data connection and a tracking connection to one node. */
export class Node {
  readonly server: ModelServer;
  readonly session: Session;
  readonly isReplica: boolean;
  readonly requests = new Channel<Request>();
  readonly replies = new Channel<() => void>();
  tracked: Tracked | undefined;
  /** The PING under way. */
  ping: 'none' | 'sent' | 'executed' = 'none';
  /** The tracking connection is half-open: nothing arrives on it any more. */
  isSilent = false;
  /** When the PING under way was sent. */
  askedAt = 0;

  constructor(server: ModelServer, session: Session, isReplica: boolean) {
    this.server = server;
    this.session = session;
    this.isReplica = isReplica;
  }
}

export class ModelProcess {
  readonly coherence: Coherence;
  readonly nodes: readonly Node[];
  readonly #settings: Settings;
  readonly #routing: ReadRouting | undefined;
  readonly #written = new WrittenOffsets();
  readonly #waiting = new Map<Flight, ((version: number) => void)[]>();

  constructor(servers: readonly ModelServer[], settings: Settings) {
    this.#settings = settings;
    const { clock, maxStaleness, reads } = settings;
    this.coherence = new Coherence({
      maxEntries: 100,
      maxBytes: 1_000_000,
      ttl: 1_000_000,
      maxStaleness,
      clock,
      endOfTurn: (callback) => callback(),
      ordered: reads === 'primary',
      readsReplicas: reads === 'replicas',
      observer: { flushed() {}, evicted() {}, servingChanged() {}, proofWanted() {} },
    });
    this.coherence.register('', { ttl: 1_000_000, maxEntries: undefined, cacheNil: true });
    this.nodes = servers.map((server, index) => {
      const lease = this.coherence.leases.open();
      lease.isReplica = index > 0;
      if (lease.isReplica) lease.coversAsOf = Number.NEGATIVE_INFINITY;
      return new Node(server, new Session(this.coherence, lease), index > 0);
    });
    const { detours } = this.coherence;
    if (detours !== undefined)
      this.#routing = new ReadRouting({
        reads: 'replicas',
        maxLag: maxStaleness,
        hotAfter: 1,
        random: () => 0.5,
        detours,
        changed: () => {},
        behind: () => {},
      });
  }

  get primary(): Node {
    const [primary] = this.nodes;
    if (primary === undefined) throw new Error('There is no node.');
    return primary;
  }

  // --- the client ------------------------------------------------------------------------------------------

  read(key: string, done: () => void): void {
    const { clock, promises } = this.#settings;
    const { coherence } = this;
    const startedAt = clock();
    const floor = promises.floorOf(key);
    const reply = (version: number): void => {
      promises.replied(key, version, startedAt, floor);
      done();
    };
    const held = coherence.lookup(key, ID);
    if (held !== undefined) {
      reply(held as number);
      return;
    }
    const prefix = coherence.prefixes.match(key);
    if (prefix === undefined) throw new Error('No prefix.');
    const joined = coherence.join(key, ID, prefix);
    if (joined !== undefined) {
      this.#waiting.get(joined)?.push(reply);
      return;
    }
    const node = this.#route(key);
    const { lease } = node.session;
    if (!coherence.mayFill(lease, prefix)) {
      this.#bypass(key, reply);
      return;
    }
    const flight = coherence.depart(key, ID, prefix, lease);
    this.#waiting.set(flight, [reply]);
    node.requests.send({ kind: 'read', key, reply: (version) => this.#land(flight, version) });
  }

  #land(flight: Flight, version: number): void {
    this.coherence.land(flight, ID, version, undefined);
    for (const reply of this.#waiting.get(flight) ?? []) reply(version);
    this.#waiting.delete(flight);
  }

  #bypass(key: string, reply: (version: number) => void): void {
    this.primary.requests.send({
      kind: 'read',
      key,
      reply: (version) => {
        this.coherence.observed(key);
        reply(version);
      },
    });
  }

  #route(key: string): Node {
    if (this.#routing === undefined) return this.primary;
    const [primary, ...replicas] = this.nodes.map(({ session }, index) => ({
      id: String(index),
      lease: session.lease,
      rtt: undefined,
      isConnected: true,
    }));
    const chosen = primary && this.#routing.choose(primary, replicas, [key], this.#settings.clock());
    return (chosen && this.nodes[Number(chosen.id)]) ?? this.primary;
  }

  write(key: string, done: () => void): void {
    this.coherence.change(key);
    const reply = (version: number): void => {
      this.coherence.change(key);
      this.#settings.promises.acknowledged(key, version);
      done();
    };
    this.primary.requests.send({ kind: 'write', key, reply });
  }

  /** A write by a command whose keys are unknown to the near cache. */
  writeUnseen(key: string, done: () => void): void {
    this.coherence.raiseBarrier();
    const reply = (version: number): void => {
      this.coherence.lowerBarrier();
      this.#settings.promises.acknowledged(key, version);
      done();
    };
    this.primary.requests.send({ kind: 'write', key, reply });
  }

  /** The server takes the next request of a data connection. */
  execute({ requests, replies, server }: Node): void {
    const request = requests.receive();
    if (request === undefined) return;
    const version = request.kind === 'read' ? server.read(request.key) : this.#settings.write(request.key);
    replies.send(() => request.reply(version));
  }

  // --- the trackers ----------------------------------------------------------------------------------------

  /** A tracking connection is there, and the node has answered the first heartbeat. */
  arm(node: Node): void {
    const tracked = new Tracked();
    node.tracked = tracked;
    node.server.tracked.add(tracked);
    const now = this.#settings.clock();
    if (!node.isReplica) this.#written.note(HISTORY, node.server.offset, now);
    const covers = node.isReplica ? this.#written.coveredBy(HISTORY, node.server.offset) : undefined;
    if (covers === Number.NEGATIVE_INFINITY) this.lose(node);
    else node.session.arm(this.coherence.prefixes.all(), covers);
    this.#judge();
  }

  lose(node: Node): void {
    if (node.tracked !== undefined) node.server.tracked.delete(node.tracked);
    node.tracked = undefined;
    node.ping = 'none';
    node.isSilent = false;
    node.session.lose('lost');
  }

  ping(node: Node): void {
    node.askedAt = node.session.pingSent();
    node.ping = 'sent';
  }

  executePing(node: Node): void {
    node.ping = 'executed';
    node.tracked?.ping(node.server.offset);
  }

  told(node: Node, message: Told): void {
    if (message.kind === 'push') {
      if (message.key === null) this.coherence.flush('server');
      else this.coherence.invalidate(message.key);
      return;
    }
    node.ping = 'none';
    if (!node.isReplica) this.#written.note(HISTORY, message.offset, node.askedAt);
    const covers = node.isReplica ? this.#written.coveredBy(HISTORY, message.offset) : undefined;
    if (covers === Number.NEGATIVE_INFINITY) node.session.pingFailed();
    else node.session.pongReceived(covers);
    this.#judge();
  }

  #judge(): void {
    for (const [index, { session }] of this.nodes.entries()) {
      if (index > 0)
        this.#routing?.judge(
          { id: String(index), lease: session.lease, rtt: undefined, isConnected: true },
          this.#settings.clock(),
        );
    }
  }

  /** What would be served of a key now. */
  held(key: string): number | undefined {
    return this.coherence.peek(key, ID) as number | undefined;
  }
}
