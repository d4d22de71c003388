// The two roles a facade plays: the user's client, whose reads the cache answers and whose connecting and closing
// drive it, and an isolated connection, which only tells the cache what it writes.

import { CACHED_READS } from './cached-reads.js';
import { buildFacade, type FacadeRole, type Interceptor } from './facade.js';
import { ManyReads } from './many-reads.js';
import type { NearCache } from './near-cache.js';
import { NodeRedisV4 } from './node-redis-v4.js';
import { OwnCommands } from './own-commands.js';
import { CachedReads } from './reads.js';

/** How long `connect()` waits for tracking after the client itself is connected. Unit: ms. */
const CONNECT_GRACE = 1_000;

export function mainRole(adapter: NodeRedisV4, near: NearCache): FacadeRole {
  const reads = new CachedReads(adapter, near);
  const many = new ManyReads(adapter, near, reads);
  // node-redis keeps isolated connections in a pool.
  const facades = new WeakMap<object, object>();
  const isolatedFacade = (client: object): object => {
    const facade = facades.get(client) ?? isolated(client, near);
    facades.set(client, facade);
    return facade;
  };
  return {
    commands: new OwnCommands(near.coherence, 'holds'),
    read(name, canonical) {
      if (canonical === 'MGET') return many.method(name);
      const command = CACHED_READS[canonical];
      return command === undefined ? undefined : reads.method(name, canonical, command);
    },
    noticeReplaced(name) {
      const message = `The method ${name} of this client was replaced: what it reads is not cached, what it writes is not known.`;
      near.warn(`replaced ${name}`, message);
    },
    own(facade) {
      const closing =
        (name: string): Interceptor =>
        (...args) => {
          near.stop();
          return adapter.call([name], args);
        };
      return {
        connect: async (...args) => {
          try {
            await adapter.call(['connect'], args);
          } catch (error) {
            if (!adapter.client.isOpen) near.abandon(error);
            throw error;
          }
          // Unless it was closed again meanwhile.
          if (adapter.client.isOpen) await within(near.start(), CONNECT_GRACE);
          return facade;
        },
        quit: closing('quit'),
        QUIT: closing('QUIT'),
        disconnect: closing('disconnect'),
        executeIsolated: (use) => {
          const wrapped = (client: object): unknown => (use as Interceptor)(isolatedFacade(client));
          return adapter.call(['executeIsolated'], [typeof use === 'function' ? wrapped : use]);
        },
      };
    },
  };
}

/** A connection of its own: what it watches concerns its own reads, and those go to Redis. */
function isolated(client: object, near: NearCache): object {
  return buildFacade(new NodeRedisV4(client), {
    commands: new OwnCommands(near.coherence, 'ignores holds'),
    read: () => undefined,
    noticeReplaced: () => {},
    own: () => ({}),
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
