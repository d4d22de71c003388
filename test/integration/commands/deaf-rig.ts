// A wrapped client that hears no invalidations: what it knows of its own writes, it knows by itself.

import { expect } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { makeRig } from '../../support/rig.js';
import { cacheable, readAll } from './replies.js';
import type { WriteCall } from './write-call.js';

export async function makeDeafRig() {
  const server = await RedisServer.start();
  const other = await RedisServer.start();
  // No proof of life comes through while invalidations are held: the lease has to outlast the tests.
  const rig = await makeRig(server, { prefixes: [''], maxStaleness: 600_000 });
  rig.deafen();
  const names = (await rig.outsider.sendCommand(['COMMAND', 'LIST'])) as string[];
  const known = new Set(names.map((name) => name.toUpperCase()));
  const hits = (): number => rig.prefix('').hits;

  return {
    ...rig,
    hits,
    /** Whether this server has a command of that name. */
    knows: (command: unknown): boolean => known.has(String(command).toUpperCase()),
    /** An empty cache that serves, and a database with what the call needs. @returns the call's arguments */
    async prepare(call: WriteCall): Promise<readonly unknown[]> {
      if (rig.redis.near.state !== 'serving') {
        // An earlier sample raised a barrier, which only a proof of life ends.
        rig.tracking.release('down');
        await rig.serving();
        rig.deafen();
      }
      await rig.outsider.flushAll();
      for (const command of call.given) {
        const sent = rig.outsider.sendCommand(
          typeof command === 'string' ? command.split(' ') : [...command],
        );
        // What leads up to a command that this server lacks may be lacking too.
        await (known.has(call.command) ? sent : sent.catch(() => {}));
      }
      rig.redis.near.clear();
      const { args } = call;
      return typeof args === 'function' ? args({ outsider: rig.outsider, otherPort: other.port }) : args;
    },
    /** Leaves everything that can be known of these keys in the cache. */
    async prime(keys: readonly string[]): Promise<void> {
      await readAll(rig.redis, keys);
      // Read anew, because without a proof of life each new reply casts doubt on the others of its key.
      await readAll(rig.redis, keys);
      const before = hits();
      const replies = await readAll(rig.redis, keys);
      expect(hits() - before, 'primed replies').toBe(cacheable(replies));
    },
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await server.stop();
      await other.stop();
    },
  };
}

export type DeafRig = Awaited<ReturnType<typeof makeDeafRig>>;
