// A primary and its replicas, each of which follows through a proxy of its own: a test can delay, hold or cut one link.
// What fails over is decided by the test; nobody watches the primary.

import type { RedisServer } from '../redis-server.js';
import { TcpProxy } from '../tcp-proxy.js';
import { until } from '../until.js';
import { FAST_REPLICATION, isLinked, replicationOf } from './replication.js';
import { says, startServers, stopServers } from './servers.js';

export interface ReplicatedBedOptions {
  /** Default: 2. */
  readonly replicas?: number;
  /** Added to the command line of each node. */
  readonly args?: readonly string[];
}

export class ReplicatedBed {
  /** In the order of their start: the first primary comes first. Each can be frozen, thawed and killed. */
  readonly nodes: readonly RedisServer[];
  readonly #links = new Map<RedisServer, TcpProxy>();
  #primary: RedisServer;

  private constructor(primary: RedisServer, replicas: readonly RedisServer[]) {
    this.nodes = [primary, ...replicas];
    this.#primary = primary;
  }

  /** Resolves when every link is up. */
  static async start({ replicas = 2, args = [] }: ReplicatedBedOptions = {}): Promise<ReplicatedBed> {
    const options = { args: [...FAST_REPLICATION, ...args] };
    const [primary, ...others] = await startServers(Array.from({ length: replicas + 1 }, () => options));
    if (primary === undefined) throw new Error(`A bed of ${replicas} replicas?`);
    const bed = new ReplicatedBed(primary, others);
    try {
      for (const node of bed.nodes) bed.#links.set(node, await TcpProxy.start(primary.port));
      await Promise.all(bed.replicas.map((replica) => bed.#follow(replica)));
      await bed.linked();
    } catch (error) {
      await bed.stop();
      throw error;
    }
    return bed;
  }

  get primary(): RedisServer {
    return this.#primary;
  }

  /** All nodes but the primary, those included that were killed. */
  get replicas(): readonly RedisServer[] {
    return this.nodes.filter((node) => node !== this.#primary);
  }

  /** Through which a replica follows: `hold('down')` keeps writes from it and the link up, `refuse()` takes the link down. */
  link(replica: RedisServer): TcpProxy {
    const link = this.#links.get(replica);
    if (link === undefined) throw new Error(`${replica.url} is no node of this bed.`);
    return link;
  }

  /** How far a replica is behind what the primary has written. Unit: bytes of the replication stream. */
  async lag(replica: RedisServer): Promise<number> {
    const [own, its] = await Promise.all([replicationOf(replica), replicationOf(this.#primary)]);
    return its.offset - own.offset;
  }

  /** Waits until these have applied what the primary has written by now. */
  async caughtUp(...replicas: readonly RedisServer[]): Promise<void> {
    const { offset } = await replicationOf(this.#primary);
    const waiting = replicas.length === 0 ? this.#following() : replicas;
    const has = (replica: RedisServer) => says(async () => (await replicationOf(replica)).offset >= offset);
    await Promise.all(
      waiting.map((replica) => until(() => has(replica), 10_000, `${replica.url} to catch up`)),
    );
  }

  /** Waits until every replica that responds is linked to the primary. */
  async linked(): Promise<void> {
    const isUp = (replica: RedisServer) => says(() => isLinked(replica, this.#primary));
    await Promise.all(
      this.#following().map((replica) =>
        until(() => isUp(replica), 15_000, `the link of ${replica.url} to be up`),
      ),
    );
  }

  /**
   * Makes a replica the primary, as it stands. All others that respond follow it, the old primary too; the rest does
   * after `rejoin()`. Wait with `linked()`.
   */
  async promote(replica: RedisServer): Promise<void> {
    await replica.command('REPLICAOF', 'NO', 'ONE');
    this.#primary = replica;
    for (const node of this.nodes) this.link(node).aim(replica.port);
    await Promise.all(this.#following().map((node) => this.#follow(node)));
  }

  /** Launches a node that was killed, thaws one that was frozen, and makes it follow the primary. */
  async rejoin(node: RedisServer): Promise<void> {
    if (node === this.#primary) throw new Error('The primary follows nobody: promote another node first.');
    if (!node.isRunning) await node.launch();
    else if (!node.responds) node.thaw();
    await this.#follow(node);
    await until(() => says(() => isLinked(node, this.#primary)), 15_000, `${node.url} to be linked`);
  }

  async stop(): Promise<void> {
    await stopServers(this.nodes);
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #following(): readonly RedisServer[] {
    return this.replicas.filter((replica) => replica.responds);
  }

  async #follow(node: RedisServer): Promise<void> {
    await node.command('REPLICAOF', '127.0.0.1', `${this.link(node).port}`);
  }
}
