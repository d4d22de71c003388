// Slots on their way from one node of a cluster to another, as slowly as a test wants it: while a move is open, the
// source answers ASK for keys that have gone, and TRYAGAIN where only some have.

import { until } from '../until.js';
import type { ClusterNode } from './cluster-bed.js';

const PATIENCE = 30_000;
const KEYS_PER_STEP = 100;

export class SlotMove {
  readonly slots: readonly number[];
  readonly from: ClusterNode;
  readonly to: ClusterNode;

  private constructor(slots: readonly number[], from: ClusterNode, to: ClusterNode) {
    this.slots = slots;
    this.from = from;
    this.to = to;
  }

  /** Opens the move on both nodes; no key has gone yet. */
  static async open(slots: readonly number[], from: ClusterNode, to: ClusterNode): Promise<SlotMove> {
    await to.server.pipeline(slots.map((slot) => setSlot(slot, 'IMPORTING', from.id)));
    await from.server.pipeline(slots.map((slot) => setSlot(slot, 'MIGRATING', to.id)));
    return new SlotMove(slots, from, to);
  }

  /** Moves the keys that are in these slots now. */
  async moveKeys(): Promise<void> {
    const counts = await this.from.server.pipeline(
      this.slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', `${slot}`]),
    );
    for (const [index, slot] of this.slots.entries()) {
      for (let left = Number(counts[index]); left > 0; left -= KEYS_PER_STEP) await this.#moveSome(slot);
    }
  }

  /** Moves one key, or several of one slot at once. */
  async moveKey(...keys: readonly string[]): Promise<void> {
    const migrate = ['MIGRATE', '127.0.0.1', `${this.to.server.port}`, '', '0', '5000', 'KEYS', ...keys];
    await until(() => this.#accepted(migrate), PATIENCE, 'the target to take keys');
  }

  /** A node that was away a moment ago takes the cluster for down a little longer than the others. */
  async #accepted(command: readonly string[]): Promise<boolean> {
    try {
      await this.from.server.command(...command);
      return true;
    } catch (error) {
      if (String(error).includes('CLUSTERDOWN')) return false;
      throw error;
    }
  }

  /** Gives the slots to the target, whose claim the rest of the cluster hears of first from the two of them. */
  async close(): Promise<void> {
    const commands = this.slots.map((slot) => setSlot(slot, 'NODE', this.to.id));
    await this.to.server.pipeline(commands);
    await this.from.server.pipeline(commands);
  }

  async #moveSome(slot: number): Promise<void> {
    const keys = await this.from.server.command('CLUSTER', 'GETKEYSINSLOT', `${slot}`, `${KEYS_PER_STEP}`);
    if (Array.isArray(keys) && keys.length > 0) await this.moveKey(...keys.map(String));
  }
}

function setSlot(slot: number, ...what: readonly string[]): string[] {
  return ['CLUSTER', 'SETSLOT', `${slot}`, ...what];
}
