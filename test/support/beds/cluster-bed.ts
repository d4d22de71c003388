// A cluster of real nodes: shards of a primary and its replicas, with slots that move and primaries that fail over, by
// hand or because they are gone.

import type { RedisServer } from '../redis-server.js';
import { until } from '../until.js';
import { holds, type NodeView, SLOTS, slotsOf, viewOf } from './cluster-view.js';
import { FAST_REPLICATION, replicationOf } from './replication.js';
import { fieldsOf, orEnd, says, startServers, stopServers } from './servers.js';
import { SlotMove } from './slot-move.js';

/** A node that comes back, or is taken over, needs a few node timeouts for it. */
const PATIENCE = 30_000;

export interface ClusterBedOptions {
  /** Default: 3. */
  readonly shards?: number;
  /** Default: 1. */
  readonly replicasPerShard?: number;
  /** After which a node that does not answer is taken for failed. Unit: ms. Default: 1 500. */
  readonly nodeTimeout?: number;
  /** Added to the command line of each node. */
  readonly args?: readonly string[];
}

export interface ClusterNode {
  readonly id: string;
  readonly server: RedisServer;
}

export class ClusterBed {
  readonly #options: Required<ClusterBedOptions>;
  readonly #nodes: ClusterNode[] = [];

  private constructor(options: Required<ClusterBedOptions>) {
    this.#options = options;
  }

  /** Resolves when every node is settled: see {@link settled}. */
  static async start(options: ClusterBedOptions = {}): Promise<ClusterBed> {
    const bed = new ClusterBed({ shards: 3, replicasPerShard: 1, nodeTimeout: 1_500, args: [], ...options });
    try {
      await bed.#form();
    } catch (error) {
      await bed.stop();
      throw error;
    }
    return bed;
  }

  /** In the order of their start: the primaries of the start come first. Each server can be frozen, thawed, killed. */
  get nodes(): readonly ClusterNode[] {
    return this.#nodes;
  }

  /** For `createCluster()`. */
  get rootNodes(): { url: string }[] {
    return this.#nodes.map(({ server }) => ({ url: server.url }));
  }

  /** The nodes that hold slots, as those see it that respond. */
  async primaries(): Promise<ClusterNode[]> {
    return this.#chosen((view) => view.ranges.length > 0);
  }

  async replicasOf(primary: ClusterNode): Promise<ClusterNode[]> {
    return this.#chosen((view) => view.primaryId === primary.id);
  }

  async ownerOf(slot: number): Promise<ClusterNode> {
    const [owner] = await this.#chosen((view) => holds(view, slot));
    if (owner === undefined) throw new Error(`Nobody holds slot ${slot}.`);
    return owner;
  }

  /** Moves a slot with its keys. Resolves when all nodes know. */
  async moveSlot(slot: number, to: ClusterNode): Promise<void> {
    const move = await this.openMove(slot, to);
    await move.moveKeys();
    await move.close();
    await this.settled();
  }

  /** Begins to move a slot: the test moves keys and closes the move. */
  async openMove(slot: number, to: ClusterNode): Promise<SlotMove> {
    return SlotMove.open([slot], await this.ownerOf(slot), to);
  }

  /** Makes a replica the primary of its shard, with the old one's consent. Resolves when all nodes know. */
  async failover(replica: ClusterNode): Promise<void> {
    await replica.server.command('CLUSTER', 'FAILOVER');
    const leads = async () => (await replicationOf(replica.server)).role === 'primary';
    await until(() => says(leads), PATIENCE, `${replica.server.url} to become a primary`);
    await this.settled();
  }

  /** Kills a primary. @returns the replica that took over, when all nodes know */
  async kill(primary: ClusterNode): Promise<ClusterNode> {
    const [view] = (await viewOf(primary.server)).filter(({ flags }) => flags.includes('myself'));
    const slot = view?.ranges[0]?.[0];
    if (slot === undefined) throw new Error(`${primary.server.url} holds no slot.`);
    await primary.server.kill();
    await this.settled();
    return this.ownerOf(slot);
  }

  /** Adds a primary, with as many replicas as the others have, and gives it slots of every other primary. */
  async addShard({ slots = 96 } = {}): Promise<ClusterNode> {
    const donors = await this.primaries();
    const [primary, ...replicas] = await this.#startNodes(1 + this.#options.replicasPerShard);
    if (primary === undefined) throw new Error('No node was started.');
    await this.#meet();
    await this.#attach(replicas, primary);
    // A primary that has not yet heard of the others' claims would make too weak a claim of its own.
    await this.settled();
    const share = Math.ceil(slots / donors.length);
    for (const [index, donor] of donors.entries()) {
      const view = (await viewOf(donor.server)).find(({ id }) => id === donor.id);
      const count = Math.max(0, Math.min(share, slots - index * share));
      const move = await SlotMove.open(view ? slotsOf(view).slice(0, count) : [], donor, primary);
      await move.moveKeys();
      await move.close();
    }
    await this.settled();
    return primary;
  }

  /**
   * Waits until all nodes that respond agree: every slot has an owner that responds, no node that responds is taken for
   * failed, each replica is linked to its primary, and the state of the cluster is `ok`.
   */
  async settled(): Promise<void> {
    await until(() => says(() => this.#isSettled()), PATIENCE, 'the cluster to settle');
  }

  async stop(): Promise<void> {
    await stopServers(this.#nodes.map(({ server }) => server));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #form(): Promise<void> {
    const { shards, replicasPerShard } = this.#options;
    const nodes = await this.#startNodes(shards * (1 + replicasPerShard));
    const primaries = nodes.slice(0, shards);
    const first = (index: number): number => Math.floor((index * SLOTS) / shards);
    // Distinct from the start, or they would have to settle whose claims count. Nodes that are added later keep 0: a number
    // that another has given itself meanwhile would make slots go back to where they came from.
    for (const [index, { server }] of nodes.entries()) {
      await server.command('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`);
    }
    for (const [index, { server }] of primaries.entries()) {
      await server.command('CLUSTER', 'ADDSLOTSRANGE', `${first(index)}`, `${first(index + 1) - 1}`);
    }
    await this.#meet();
    for (const [index, primary] of primaries.entries()) {
      const own = nodes.slice(shards).filter((_, replica) => replica % shards === index);
      await this.#attach(own, primary);
    }
    await this.settled();
  }

  async #startNodes(count: number): Promise<readonly ClusterNode[]> {
    const { nodeTimeout, args } = this.#options;
    const settings = [
      ...['--cluster-enabled', 'yes', '--cluster-node-timeout', `${nodeTimeout}`],
      // A replica stays with its shard, and stands for election however old its data are.
      ...['--cluster-allow-replica-migration', 'no', '--cluster-replica-validity-factor', '0'],
      ...FAST_REPLICATION,
      ...args,
    ];
    const servers = await startServers(Array.from({ length: count }, () => ({ args: settings })));
    const nodes = await orEnd(servers, () =>
      Promise.all(
        servers.map(async (server) => ({ id: String(await server.command('CLUSTER', 'MYID')), server })),
      ),
    );
    this.#nodes.push(...nodes);
    return nodes;
  }

  /** Introduces all nodes that respond to each other, which is quicker than gossip. */
  async #meet(): Promise<void> {
    const nodes = this.#responding();
    await Promise.all(
      nodes.map(({ server }, index) => {
        const others = nodes.slice(index + 1);
        return server.pipeline(
          others.map((other) => ['CLUSTER', 'MEET', '127.0.0.1', `${other.server.port}`]),
        );
      }),
    );
    const ids = nodes.map(({ id }) => id);
    const knowsAll = async ({ server }: ClusterNode) => {
      const met = (await viewOf(server)).filter(({ flags }) => !flags.includes('handshake'));
      return ids.every((id) => met.some((view) => view.id === id && view.linked));
    };
    const allKnow = async () => (await Promise.all(nodes.map(knowsAll))).every(Boolean);
    await until(() => says(allKnow), PATIENCE, 'all nodes to meet');
  }

  async #attach(replicas: readonly ClusterNode[], primary: ClusterNode): Promise<void> {
    for (const { server } of replicas) await server.command('CLUSTER', 'REPLICATE', primary.id);
  }

  #responding(): readonly ClusterNode[] {
    return this.#nodes.filter(({ server }) => server.responds);
  }

  /** As the first node that responds sees it. */
  async #chosen(fits: (view: NodeView) => boolean): Promise<ClusterNode[]> {
    const [witness] = this.#responding();
    if (witness === undefined) throw new Error('No node responds.');
    const ids = (await viewOf(witness.server)).filter(fits).map(({ id }) => id);
    return this.#nodes.filter(({ id }) => ids.includes(id));
  }

  async #isSettled(): Promise<boolean> {
    const nodes = this.#responding();
    const ids = nodes.map(({ id }) => id);
    const beliefs = await Promise.all(nodes.map(({ server }) => beliefOf(server, ids)));
    if (new Set(beliefs).size !== 1 || beliefs[0] === undefined) return false;
    const wells = await Promise.all(nodes.map(({ server }) => isWell(server)));
    return wells.every(Boolean);
  }
}

/** What a node thinks of these, in a form to compare; `undefined` if it misses one, or a slot. */
async function beliefOf(server: RedisServer, ids: readonly string[]): Promise<string | undefined> {
  const all = await viewOf(server);
  const views = all.filter(({ id }) => ids.includes(id)).sort((a, b) => a.port - b.port);
  const failing = views.some(({ flags, linked }) => flags.some((flag) => FAILING.has(flag)) || !linked);
  const slots = views.reduce((sum, view) => sum + slotsOf(view).length, 0);
  if (views.length !== ids.length || failing || slots !== SLOTS) return undefined;
  return JSON.stringify(views.map(({ id, primaryId, ranges }) => [id, primaryId, ranges]));
}

const FAILING: ReadonlySet<string> = new Set(['fail', 'fail?', 'handshake', 'noaddr']);

async function isWell(server: RedisServer): Promise<boolean> {
  const fields = fieldsOf(await server.command('CLUSTER', 'INFO'));
  const { role, linked } = await replicationOf(server);
  return fields.get('cluster_state') === 'ok' && (role === 'primary' || linked);
}
