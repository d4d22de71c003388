// The two roles a facade plays: the user's client, whose reads the cache answers and whose connecting and closing
// drive it, and a connection that it lends out, which only tells the cache what it writes.

import type { ClientAdapter } from './adapter.js';
import { lentAdapterOf } from './adapters.js';
import { buildFacade, type FacadeRole } from './facade.js';
import { ManyReads } from './many-reads.js';
import type { NearCache } from './near-cache.js';
import { OwnCommands } from './own-commands.js';
import { CachedReads, type Read } from './reads.js';
import { SlotGroups } from './slot-groups.js';

const UNSEEN = 'What a command changed could not be followed.';
const UNCACHED = 'A read could not be cached.';

/** How long `connect()` waits for tracking after the client itself is connected. Unit: ms. */
const CONNECT_GRACE = 1_000;

export function mainRole(adapter: ClientAdapter, near: NearCache): FacadeRole {
  const reads = new CachedReads(adapter, near);
  const groups = SlotGroups.of(adapter, near.keys);
  const many = new ManyReads(adapter, near, reads, groups);
  // node-redis keeps the connections that it lends in a pool.
  const facades = new WeakMap<object, object>();
  const { connections } = adapter;
  /** Calls of `connect()` under way. */
  let connecting = 0;
  // Pools, clusters and sentinels tell nobody when they are connected or closed past the wrapper.
  const follow = connections.isOrdered
    ? (): void => {}
    : (): void => {
        if (near.isRunning) {
          if (connections.isClosed) near.stop();
        } else if (connections.isReady) {
          void near.start();
        }
      };
  return {
    commands: new OwnCommands(near.coherence, 'holds', {
      fault: (error) => near.fault(UNSEEN, error),
      strayed: () => near.strayed(),
    }),
    groups,
    held: connections.isOrdered
      ? (id, key) => reads.held(id, key)
      : (id, key) => {
          follow();
          return reads.held(id, key);
        },
    answer(name, read) {
      follow();
      if (name === 'MGET') return many.answer(read);
      if (name !== 'EXISTS' || groups === undefined) return reads.answer(name, read);
      const ask = (part: Read): unknown => {
        try {
          const reply = reads.answer(name, part);
          if (reply !== undefined) return reply;
        } catch (error) {
          near.fault(UNCACHED, error);
        }
        return adapter.call(part.view, part.path, part.args);
      };
      return groups.run(read, ask) as Promise<unknown>;
    },
    fault: (error) => near.fault(UNCACHED, error),
    noticeReplaced(name) {
      const message = `The method ${name} of this client was replaced: what it reads is not cached, what it writes is not known.`;
      near.warn(`replaced ${name}`, message);
    },
    async connect(view, args, self) {
      connecting++;
      try {
        await adapter.call(view, ['connect'], args);
      } catch (error) {
        // A sentinel of v5 stays open after that, for good.
        const isStuck = connections.change === 'by failover' && connecting === 1 && !connections.isReady;
        if (!adapter.client.isOpen || isStuck) near.abandon(error);
        throw error;
      } finally {
        connecting--;
      }
      // Unless it was closed again meanwhile.
      if (adapter.client.isOpen) await within(near.start(), CONNECT_GRACE);
      return self;
    },
    closing: () => near.stop(),
    lent(client) {
      const facade = facades.get(client) ?? lentFacade(client, near);
      facades.set(client, facade);
      return facade;
    },
  };
}

/** A connection of its own: what it watches concerns its own reads, and those go to Redis. */
function lentFacade(client: object, near: NearCache): object {
  const adapter = lentAdapterOf(client);
  return buildFacade(adapter, {
    commands: new OwnCommands(near.coherence, 'ignores holds', {
      fault: (error) => near.fault(UNSEEN, error),
      // A pool lends what reads will be sent on.
      strayed: () => near.strayed(),
    }),
    held: () => undefined,
    answer: () => undefined,
    fault: (error) => near.fault('A command could not be looked into.', error),
    noticeReplaced: () => {},
    connect: (view, args) => adapter.call(view, ['connect'], args),
    closing: () => {},
    lent: (inner) => lentFacade(inner, near),
  });
}

/** Waits for `promise`, but no longer than `ms`. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
