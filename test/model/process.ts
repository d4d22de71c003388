// The process under test: the real coherence core, sessions, watches, offsets and routing, between a client of a few lines
// and the model's connections. What the client does is what src/client does, without node-redis.

import { Coherence } from '../../src/cache/coherence.js';
import type { Flight } from '../../src/cache/flights.js';
import type { Prefix } from '../../src/cache/prefix.js';
import { type Candidate, ReadRouting } from '../../src/routing/read-routing.js';
import { hashSlot } from '../../src/routing/slots.js';
import { ClusterWatch } from '../../src/tracking/cluster-watch.js';
import { type NodeWatch, RoleWatch } from '../../src/tracking/node-watch.js';
import { PrimaryWatch, ReplicaWatch, WrittenOffsets } from '../../src/tracking/replication.js';
import { Node } from './node.js';
import type { Promises } from './promises.js';
import type { Answer, ReadRequest, Request, Waiting } from './requests.js';
import type { ModelServer } from './server.js';
import { idOf, KEYS, type Key, keysOf, type Reading, type Topology } from './steps.js';

export interface Settings {
  readonly topology: Topology;
  readonly maxStaleness: number;
  readonly clock: () => number;
  readonly promises: Promises;
  /** An actor's step is over. */
  readonly answered: (actor: number) => void;
  /** The server changes a key, or all of them as far as this connection is concerned. */
  readonly write: (key: Key) => number;
  readonly select: () => void;
}

/** A moment that no scenario reaches. */
const EVER = 1_000_000;

export class ModelProcess {
  readonly coherence: Coherence;
  readonly nodes: Node[];
  /** Where the client leads: its primary, or by key the node that it takes for the owner. */
  readonly leads = new Map<Key, number>(KEYS.map((key) => [key, 0]));
  readonly #settings: Settings;
  readonly #servers: readonly ModelServer[];
  readonly #routing: ReadRouting | undefined;
  readonly #written = new WrittenOffsets();
  readonly #prefix: Prefix;
  /** As in `OwnCommands`: an EXEC ends only what was watched before it was sent. */
  #watches = 0;
  #pendingWatches = 0;
  #isWatching = false;
  /** What can be joined. */
  readonly #flying = new Map<Flight, ReadRequest>();

  constructor(servers: readonly ModelServer[], settings: Settings) {
    this.#settings = settings;
    this.#servers = servers;
    const { clock, maxStaleness, topology } = settings;
    const readsReplicas = topology === 'replicas';
    this.coherence = new Coherence({
      maxEntries: 100,
      maxBytes: 1_000_000,
      ttl: EVER,
      maxStaleness,
      clock,
      endOfTurn: (callback) => callback(),
      ordered: topology === 'single',
      readsReplicas,
      observer: { flushed() {}, evicted() {}, servingChanged() {}, proofWanted() {} },
    });
    this.#prefix = this.coherence.register('', { ttl: EVER, maxEntries: undefined, cacheNil: true });
    const tracked = topology === 'failover' ? servers.slice(0, 1) : servers;
    this.nodes = tracked.map((server, index) => this.#node(server, readsReplicas && index > 0));
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

  #node(server: ModelServer, isReplica: boolean): Node {
    const { maxStaleness } = this.#settings;
    return new Node(server, this.coherence, maxStaleness, isReplica, (node) => this.#watch(node, isReplica));
  }

  #watch(node: Node, isReplica: boolean): NodeWatch {
    switch (this.#settings.topology) {
      case 'replicas':
        return isReplica
          ? new ReplicaWatch(this.#written)
          : new PrimaryWatch(this.#written, () => this.judge());
      case 'cluster':
        return new ClusterWatch('primary', (owned) =>
          this.coherence.forget(node.lease, (key) => !owned(hashSlot(key))),
        );
      default:
        return new RoleWatch(this.#settings.topology === 'failover' ? 'primary' : 'any');
    }
  }

  // --- reads -----------------------------------------------------------------------------------------------

  read(actor: number, what: Reading): void {
    const { coherence } = this;
    const [key] = keysOf(what);
    const waiting = this.#waiting(actor, what);
    const held = coherence.lookup(key, idOf(what));
    if (held !== undefined) {
      this.#tell(what, versionsIn(held), [waiting], 'memory');
      return;
    }
    const joined = coherence.join(key, idOf(what), this.#prefix);
    if (joined !== undefined) {
      this.#flying.get(joined)?.waiting.push(waiting);
      return;
    }
    const node = this.#route(what);
    if (!coherence.mayFill(node.lease, this.#prefix)) {
      this.#pass(what, waiting);
      return;
    }
    const [, ...others] = keysOf(what);
    const flight = coherence.depart(key, idOf(what), this.#prefix, node.lease, { others });
    const request: ReadRequest = { kind: 'read', what, flight, waiting: [waiting], isDetoured: false };
    this.#flying.set(flight, request);
    node.requests.send(request);
  }

  readPast(actor: number, what: Reading): void {
    this.#pass(what, this.#waiting(actor, what));
  }

  #pass(what: Reading, waiting: Waiting): void {
    const [key] = keysOf(what);
    const request: ReadRequest = {
      kind: 'read',
      what,
      flight: undefined,
      waiting: [waiting],
      isDetoured: false,
    };
    this.leader(key).requests.send(request);
  }

  #waiting(actor: number, what: Reading): Waiting {
    const { clock, promises } = this.#settings;
    return { actor, startedAt: clock(), floors: keysOf(what).map((key) => promises.floorOf(key)) };
  }

  /** The reader goes; who else waits for that reply goes on waiting. */
  abort(actor: number): void {
    for (const { replies, requests } of this.nodes) {
      const sent = [...requests.waiting, ...replies.waiting.map(({ request }) => request)];
      for (const request of sent) {
        if (request.kind !== 'read') continue;
        const at = request.waiting.findIndex((waiting) => waiting.actor === actor);
        if (at < 0) continue;
        request.waiting.splice(at, 1);
        this.#settings.answered(actor);
      }
    }
  }

  #tell(
    what: Reading,
    versions: readonly number[],
    waiting: readonly Waiting[],
    from: 'memory' | 'server',
  ): void {
    const { answered, promises, topology } = this.#settings;
    // How old the data of a former primary is that the client still leads to is not up to the cache.
    const mayBeOld = from === 'server' && topology === 'failover';
    for (const { actor, floors, startedAt } of waiting) {
      for (const [at, key] of keysOf(what).entries())
        promises.replied(
          key,
          versions[at] ?? 0,
          mayBeOld ? Number.NEGATIVE_INFINITY : startedAt,
          floors[at] ?? 0,
        );
      answered(actor);
    }
  }

  /** The node that a key's commands go to. */
  leader(key: Key): Node {
    const node = this.nodes[this.leads.get(key) ?? 0];
    if (node === undefined) throw new Error('There is no node.');
    return node;
  }

  #route(what: Reading): Node {
    const keys = keysOf(what);
    const leader = this.leader(keys[0]);
    if (this.#routing === undefined) return leader;
    const [primary, ...replicas] = this.#candidates();
    const chosen = primary && this.#routing.choose(primary, replicas, keys, this.#settings.clock());
    return (chosen && this.nodes[Number(chosen.id)]) ?? leader;
  }

  #candidates(): Candidate[] {
    return this.nodes.map(({ lease }, index) => ({
      id: String(index),
      lease,
      rtt: undefined,
      isConnected: true,
    }));
  }

  /** Looks which replicas are fit, as is done with every answer of the primary. */
  judge(): void {
    if (this.#routing === undefined) return;
    const [, ...replicas] = this.#candidates();
    for (const replica of replicas) this.#routing.judge(replica, this.#settings.clock());
  }

  // --- what the process does beside reading ----------------------------------------------------------------

  write(actor: number, key: Key): void {
    this.coherence.change(key);
    this.leader(key).requests.send({ kind: 'write', actor, key });
  }

  /** A write by a command whose keys are unknown to the near cache. */
  writeUnseen(actor: number, key: Key): void {
    this.coherence.raiseBarrier();
    this.leader(key).requests.send({ kind: 'write unseen', actor, key });
  }

  /** WATCH, EXEC, SELECT. */
  send(actor: number, kind: 'watch' | 'exec' | 'select'): void {
    if (kind === 'watch') {
      this.#watches++;
      this.#pendingWatches++;
      this.coherence.leases.hold(true);
    }
    if (kind === 'select') this.coherence.flush('connection-state');
    this.leader('a').requests.send({ kind, actor, watches: this.#watches });
  }

  // --- the data connections --------------------------------------------------------------------------------

  /** The server takes the next request. */
  execute({ replies, requests, server }: Node, at: number): void {
    const request = requests.receive(at);
    if (request === undefined) return;
    const keys = request.kind === 'read' ? keysOf(request.what) : 'key' in request ? [request.key] : KEYS;
    const isMoved = this.#settings.topology === 'cluster' && keys.some((key) => !server.has(key));
    const isWrite = request.kind === 'write' || request.kind === 'write unseen';
    // A former primary refuses to write.
    const isRefused = isWrite && server.role === 'slave';
    if (request.kind === 'select') this.#settings.select();
    const now = this.#settings.clock();
    let remaining = Number.POSITIVE_INFINITY;
    const versions = keys.map((key): [Key, number] => {
      if (isWrite && !isMoved && !isRefused) return [key, this.#settings.write(key)];
      const read = server.read(key, now);
      remaining = Math.min(remaining, read.remaining);
      return [key, read.version];
    });
    replies.send({ request, versions, remaining, isMoved, isRefused });
  }

  /** A reply arrives. */
  receive(node: Node, at: number): void {
    const answer = node.replies.receive(at);
    if (answer === undefined) return;
    const { isMoved, isRefused, request, versions } = answer;
    if (isMoved) this.#redirect(request);
    else if (request.kind === 'read') this.#land(request, answer);
    else this.#done(request, isRefused ? [] : versions);
  }

  /** The node has not got the key: the request goes the client's own way (`readAt`). */
  #redirect(request: Request): void {
    const keys = request.kind === 'read' ? keysOf(request.what) : 'key' in request ? [request.key] : KEYS;
    const owner = this.nodes.find(({ server }) => keys.every((key) => server.has(key)));
    if (request.kind !== 'read') {
      owner?.requests.send(request);
      return;
    }
    for (const key of keys) this.coherence.observed(key);
    const detoured = { ...request, isDetoured: true };
    if (request.flight !== undefined) this.#flying.set(request.flight, detoured);
    owner?.requests.send(detoured);
  }

  #land(request: ReadRequest, { remaining, versions }: Answer): void {
    const { flight, isDetoured, waiting, what } = request;
    const values = versions.map(([, version]) => version);
    if (isDetoured || flight === undefined) for (const [key] of versions) this.coherence.observed(key);
    if (flight !== undefined) {
      this.#flying.delete(flight);
      this.coherence.land(flight, idOf(what), values.join(), { exists: true, remaining });
    }
    this.#tell(what, values, waiting, 'server');
  }

  #done(request: Exclude<Request, ReadRequest>, versions: Answer['versions']): void {
    const { answered, promises } = this.#settings;
    this.#after(request, true);
    for (const [key, version] of versions) {
      if (request.kind === 'watch') promises.watched(key, version);
      else if (request.kind !== 'exec') promises.acknowledged(key, version);
    }
    answered(request.actor);
  }

  /** An answer is there, or an error: the cache is told the same. */
  #after(request: Exclude<Request, ReadRequest>, isAnswered: boolean): void {
    const { coherence } = this;
    if (request.kind === 'write') coherence.change(request.key);
    if (request.kind === 'write unseen') coherence.lowerBarrier();
    if (request.kind === 'select') coherence.flush('connection-state');
    if (request.kind === 'watch') {
      this.#pendingWatches--;
      this.#isWatching ||= isAnswered;
    }
    if (request.kind === 'exec' && request.watches === this.#watches) {
      this.#isWatching = false;
      this.#settings.promises.unwatched();
    }
    coherence.leases.hold(this.#isWatching || this.#pendingWatches > 0);
  }

  /** The data connection breaks: what was on its way may have been executed or not. */
  break(node: Node): void {
    const lost = [...node.replies.clear().map(({ request }) => request), ...node.requests.clear()];
    for (const request of lost) {
      if (request.kind !== 'read') {
        this.#after(request, false);
        this.#settings.answered(request.actor);
        continue;
      }
      const { flight, waiting, what } = request;
      if (flight !== undefined) {
        this.#flying.delete(flight);
        this.coherence.fail(flight);
      }
      if (flight === undefined) for (const key of keysOf(what)) this.coherence.observed(key);
      for (const { actor } of waiting) this.#settings.answered(actor);
    }
  }

  // --- who is there ----------------------------------------------------------------------------------------

  /** The client has noticed who is the primary now, or who has which keys (`Nodes#know`). */
  follow(): void {
    if (this.#settings.topology === 'cluster') {
      for (const key of KEYS)
        this.leads.set(
          key,
          this.#servers.findIndex((server) => server.has(key)),
        );
      return;
    }
    const [, next] = this.#servers;
    const [former] = this.nodes;
    if (next === undefined || former === undefined || this.nodes.length > 1) return;
    former.lose();
    this.coherence.closeLease(former.lease);
    const node = this.#node(next, false);
    this.nodes.push(node);
    for (const key of KEYS) this.leads.set(key, 1);
    node.connect();
  }

  /** What would be served now. */
  offered(what: Reading): readonly number[] | undefined {
    const held = this.coherence.peek(keysOf(what)[0], idOf(what));
    return held === undefined ? undefined : versionsIn(held);
  }

  /** What is held and has not reached its end, and the node that vouches for it. */
  held(what: Reading): { readonly versions: readonly number[]; readonly node: Node | undefined } | undefined {
    const entry = this.coherence.store.peek(keysOf(what)[0]);
    const reply = entry?.find(idOf(what));
    if (entry === undefined || reply === undefined || reply.expiresAt <= this.#settings.clock())
      return undefined;
    return { versions: versionsIn(reply.value), node: this.nodes.find(({ lease }) => lease === entry.lease) };
  }
}

function versionsIn(value: unknown): number[] {
  return String(value).split(',').map(Number);
}
