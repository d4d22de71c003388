// Where misses go: follows the nodes of the data client, has each of them tracked, and leads a read to a node together
// with the lease that will vouch for the reply (rules C8 to C10).

import type { Coherence } from '../cache/coherence.js';
import type { Lease } from '../cache/lease.js';
import type { ResolvedOptions } from '../options.js';
import { type Candidate, ReadRouting, type UnfitReason } from '../routing/read-routing.js';
import { hashSlot } from '../routing/slots.js';
import { ClusterWatch } from '../tracking/cluster-watch.js';
import { endpointOf } from '../tracking/endpoint.js';
import { AllOf, type NodeWatch, RoleWatch } from '../tracking/node-watch.js';
import { Nodes } from '../tracking/nodes.js';
import { PrimaryWatch, ReplicaWatch, WrittenOffsets } from '../tracking/replication.js';
import type { TrackedNode } from '../tracking/tracker.js';
import type { TrackerObserver } from '../tracking/tracker-observer.js';
import type { TrackingStats } from '../tracking/tracking-stats.js';
import type { Connections, DataNode, KnownNode } from './connections/connections.js';
import { ReadsUnderWay } from './reads-under-way.js';
import { ReplicaClients } from './replica-clients.js';

/** Where a read goes, and who vouches for its reply. */
export interface Route {
  readonly node: DataNode;
  readonly lease: Lease;
}

export interface RoutesObserver extends TrackerObserver {
  /** A replica answers reads from now on, or does not any more. */
  replica(node: string, primary: string, unfit: UnfitReason | 'gone' | undefined): void;
  /** Where the client connects could not be found out. */
  unknown(error: unknown): void;
}

export class Routes {
  readonly #options: ResolvedOptions;
  readonly #coherence: Coherence;
  readonly #connections: Connections;
  readonly #observer: RoutesObserver;
  readonly #nodes: Nodes;
  readonly #routing: ReadRouting | undefined;
  readonly #replicaClients: ReplicaClients | undefined;
  /** By id, as last looked at. */
  #known: ReadonlyMap<string, KnownNode> = new Map();
  /** By primary. */
  #replicas: ReadonlyMap<string, readonly KnownNode[]> = new Map();
  /** By primary: how far it had written when. */
  readonly #written = new Map<string, WrittenOffsets>();
  /** Reads at replicas. */
  readonly #underWay: ReadsUnderWay;
  #timer: NodeJS.Timeout | undefined;
  #isLookingSoon = false;
  #isProving = false;
  #isRunning = false;
  /** Rises with every start and stop: what belongs to an older one is ignored. */
  #life = 0;

  constructor(
    options: ResolvedOptions,
    coherence: Coherence,
    connections: Connections,
    observer: RoutesObserver,
  ) {
    this.#options = options;
    this.#coherence = coherence;
    this.#connections = connections;
    this.#observer = observer;
    const { routing } = options;
    const { detours } = coherence;
    this.#underWay = new ReadsUnderWay(() => coherence.now(), routing.maxLag);
    this.#nodes = new Nodes({
      coherence,
      // What a replica covers is known as of a heartbeat: three of them fit into the lag that is tolerated.
      heartbeat: detours === undefined ? options.heartbeat : Math.min(options.heartbeat, routing.maxLag / 3),
      maxStaleness: options.maxStaleness,
      noLoop: options.tracking.noLoop ?? true,
      reconnectStrategy: options.tracking.reconnectStrategy,
      random: options.random,
      observer: {
        ...observer,
        deposed: (node, reason) => {
          observer.deposed(node, reason);
          this.#lookSoon();
        },
      },
    });
    if (detours !== undefined && routing.reads !== 'primary') {
      const { reads, maxLag, hotAfter } = routing;
      const changed = (id: string, unfit: UnfitReason | undefined): void => this.#changed(id, unfit);
      const { random } = options;
      const behind = (primary: string): void => this.#proveSoon(primary);
      this.#routing = new ReadRouting({ reads, maxLag, hotAfter, random, detours, changed, behind });
      this.#replicaClients = new ReplicaClients(routing.replicas, connections.change === 'by slots');
    }
    const nodes = connections.nodes();
    if (nodes !== undefined) this.#nodes.know(this.#look(nodes));
  }

  get anyArmed(): boolean {
    return this.#nodes.anyArmed;
  }

  /** Whether every primary is tracked, so that any key may be hit. */
  get allArmed(): boolean {
    return this.#primaries.every(({ id }) => this.#nodes.get(id)?.lease.armed);
  }

  /** Whether any primary is. */
  get anyPrimaryArmed(): boolean {
    return this.#primaries.some(({ id }) => this.#nodes.get(id)?.lease.armed);
  }

  get #primaries(): KnownNode[] {
    return Array.from(this.#known.values()).filter(({ primary }) => primary === undefined);
  }

  stats(): TrackingStats[] {
    return this.#nodes.stats((id) => this.#routing?.isFit(id) ?? false);
  }

  prove(): void {
    this.#nodes.prove();
  }

  followCoverage(): Promise<void> {
    return this.#nodes.followCoverage();
  }

  start(): void {
    this.#life++;
    this.#isRunning = true;
    clearTimeout(this.#timer);
    this.#nodes.stop();
    this.#replicaClients?.start();
    this.#follow();
  }

  stop(): void {
    this.#life++;
    this.#isRunning = false;
    clearTimeout(this.#timer);
    this.#nodes.stop();
    this.#replicaClients?.stop();
  }

  /** Where a read that hangs on these keys goes; `undefined` while it is not known who has them. */
  routeOf(keys: readonly string[]): Route | undefined {
    const [key = ''] = keys;
    const node = this.#connections.nodeOf(key);
    if (node === undefined) return undefined;
    const tracker = this.#nodes.get(node.id);
    if (tracker === undefined) {
      this.detoured();
      return undefined;
    }
    const replica = this.#routing && this.#replicaFor(node, keys);
    return replica ?? { node, lease: tracker.lease };
  }

  #replicaFor(primary: DataNode, keys: readonly string[]): Route | undefined {
    const replicas = this.#replicas.get(primary.id);
    if (replicas === undefined) return undefined;
    const candidates = replicas.flatMap((node) => this.#candidate(node) ?? []);
    const [first] = this.#candidate(primary) ?? [];
    if (first === undefined) return undefined;
    const now = this.#coherence.now();
    const chosen = this.#routing?.choose(first, candidates, keys, now);
    const node = chosen && this.#known.get(chosen.id);
    if (chosen === undefined || node === undefined) return undefined;
    this.#nodes.get(node.id)?.countRead();
    const missesMoves = this.#connections.change === 'by slots';
    return { node: { ...node, unfit: this.#unfit(node.id, now), missesMoves }, lease: chosen.lease };
  }

  /**
   * A read goes to the primary because its replica may not know what was read there before. Asked when that read is
   * answered, the replica has the next one; asked by heartbeats only, a key that misses more often never gets back to it.
   */
  #proveSoon(primary: string): void {
    if (this.#isProving) return;
    this.#isProving = true;
    const tracker = this.#nodes.get(primary);
    const prove = (): void => {
      this.#isProving = false;
      tracker?.prove();
    };
    setTimeout(prove, Math.max(PROOF_GAP, (tracker?.rtt ?? 0) + 2)).unref();
  }

  #candidate({ id, client }: DataNode): [Candidate] | undefined {
    const tracker = this.#nodes.get(id);
    if (tracker === undefined) return undefined;
    const isReady = client === undefined || Reflect.get(client, 'isReady') === true;
    return [
      { id, lease: tracker.lease, rtt: tracker.rtt, isConnected: isReady && !this.#underWay.isOverdue(id) },
    ];
  }

  /** Another node than expected gave an answer: who has which keys may have changed. */
  detoured(): void {
    if (this.#connections.change !== 'never') this.#lookSoon();
  }

  // --- who is there ----------------------------------------------------------------------------------------

  /** A storm of signs must not put it off again and again. */
  #lookSoon(): void {
    if (this.#isLookingSoon || !this.#isRunning) return;
    this.#isLookingSoon = true;
    this.#followIn(LOOK_AGAIN);
  }

  #followIn(delay: number): void {
    const life = this.#life;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (life === this.#life) this.#follow();
    }, delay);
    this.#timer.unref();
  }

  /** Tracks the nodes that are there. A pool and a sentinel tell where they connect only when they are connected. */
  #follow(): void {
    this.#isLookingSoon = false;
    const { change } = this.#connections;
    const nodes = this.#connections.nodes();
    if (nodes !== undefined) this.#nodes.follow(this.#look(nodes));
    else this.#learn();
    if (nodes !== undefined && change !== 'never') this.#followIn(this.#options.heartbeat);
  }

  #learn(): void {
    const life = this.#life;
    this.#connections.learn().then(
      () => {
        if (life === this.#life) this.#follow();
      },
      (error: unknown) => {
        if (life !== this.#life) return;
        // One that was closed past the wrapper is no fault.
        if (!this.#connections.isClosed) this.#observer.unknown(error);
        this.#followIn(this.#options.heartbeat);
      },
    );
  }

  #look(primaries: readonly KnownNode[]): TrackedNode[] {
    const others = this.#replicaClients?.nodes(primaries) ?? [];
    // What the client takes for a primary is none of the replicas, whatever its former primary says.
    const known = new Map([...others, ...primaries].map((node) => [node.id, node]));
    const replicas = new Map<string, KnownNode[]>();
    for (const node of known.values()) {
      if (node.primary === undefined) continue;
      const ofPrimary = replicas.get(node.primary) ?? [];
      replicas.set(node.primary, [...ofPrimary, node]);
    }
    this.#notice(known);
    this.#known = known;
    this.#replicas = replicas;
    return Array.from(known.values(), (node) => this.#tracked(node));
  }

  /** Replicas that came or went: who answers next must know what those answered. */
  #notice(known: ReadonlyMap<string, KnownNode>): void {
    if (this.#routing === undefined) return;
    const partOf = (nodes: ReadonlyMap<string, KnownNode>): string =>
      Array.from(nodes.values(), ({ id, primary }) => `${id}<${primary}`).join();
    if (partOf(known) === partOf(this.#known)) return;
    this.#routing.reset(this.#coherence.now(), new Set(known.keys()));
    for (const [id, { primary }] of this.#known) {
      if (primary === undefined || known.get(id)?.primary === primary) continue;
      this.#underWay.leave(id);
      this.#observer.replica(id, this.#nameOf(primary), 'gone');
    }
    for (const id of this.#written.keys()) if (!known.has(id)) this.#written.delete(id);
  }

  #tracked({ id, options, primary }: KnownNode): TrackedNode {
    const { tracking } = this.#options;
    return {
      id,
      primary,
      endpoint: endpointOf(options, primary === undefined ? tracking : withoutAddress(tracking)),
      watch: () => this.#watch(id, primary),
    };
  }

  #watch(id: string, primary: string | undefined): NodeWatch {
    const watches: NodeWatch[] = [];
    const { change } = this.#connections;
    const role = primary === undefined ? 'primary' : 'replica';
    if (change === 'by slots') watches.push(new ClusterWatch(role, (owned) => this.#moved(id, owned)));
    if (primary !== undefined) watches.push(new ReplicaWatch(this.#writtenAt(primary)));
    else if (this.#routing !== undefined) watches.push(this.#primaryWatch(id));
    const [only, ...more] = watches;
    if (only === undefined) return new RoleWatch(change === 'by failover' ? 'primary' : 'any');
    return more.length === 0 ? only : new AllOf(watches);
  }

  #primaryWatch(id: string): NodeWatch {
    return new PrimaryWatch(this.#writtenAt(id), (attached) => {
      const template = this.#connections.template(id);
      if (template !== undefined && this.#replicaClients?.found(id, template, attached) === true)
        this.#lookSoon();
      for (const replica of this.#replicas.get(id) ?? []) {
        const [candidate] = this.#candidate(replica) ?? [];
        if (candidate !== undefined) this.#routing?.judge(candidate, this.#coherence.now());
        if (this.#underWay.isOverdue(replica.id) && this.#replicaClients?.renew(replica.id) === true)
          this.#lookSoon();
        // Right after the primary, so that little is written in between.
        this.#nodes.get(replica.id)?.prove();
      }
    });
  }

  #writtenAt(primary: string): WrittenOffsets {
    const written = this.#written.get(primary) ?? new WrittenOffsets();
    this.#written.set(primary, written);
    return written;
  }

  /** Slots left the node's shard: what it vouched for in them is void. */
  #moved(id: string, owned: (slot: number) => boolean): void {
    const lease = this.#nodes.get(id)?.lease;
    if (lease !== undefined) this.#coherence.forget(lease, (key) => !owned(hashSlot(key)));
    this.#lookSoon();
  }

  // --- replicas that are left out --------------------------------------------------------------------------

  #changed(id: string, unfit: UnfitReason | undefined): void {
    if (unfit !== undefined) this.#underWay.leave(id);
    const primary = this.#known.get(id)?.primary;
    if (primary !== undefined) this.#observer.replica(id, this.#nameOf(primary), unfit);
  }

  /** The primary's address, as in `stats()`. */
  #nameOf(primary: string): string {
    return this.#nodes.get(primary)?.node ?? primary;
  }

  /** Of a read that is sent now. */
  #unfit(id: string, now: number): DataNode['unfit'] {
    return {
      onLeft: (goElsewhere) => this.#underWay.add(id, now, goElsewhere),
      failed: () => this.#routing?.failed(id),
    };
  }
}

/** After a sign that the nodes have changed. Unit: ms. */
const LOOK_AGAIN = 20;

/** Between questions to a primary beside its heartbeats, at least. Unit: ms. */
const PROOF_GAP = 5;

/** The overrides name one server, the primary's. */
function withoutAddress(tracking: ResolvedOptions['tracking']): ResolvedOptions['tracking'] {
  const { url: _url, socket, ...rest } = tracking;
  const { host: _host, port: _port, path: _path, ...others } = socket ?? {};
  return { ...rest, socket: others };
}
