// A wrapped client that hears no invalidations: what it knows of its own writes, it knows by itself.

import { RedisServer } from '../../support/redis-server.js';
import { makeRig } from '../../support/rig.js';
import { until } from '../../support/until.js';
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
  /** How many invalidations had come before the last sample's write. */
  let heard = 0;

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
      const wanted = cacheable(await readAll(rig.redis, keys));
      // Each new reply, and each error, casts doubt on the others of its key until there is a proof of life.
      rig.tracking.release('down');
      await until(
        async () => {
          const before = hits();
          await readAll(rig.redis, keys, wanted);
          return hits() - before === wanted.length;
        },
        5_000,
        'all replies to be primed',
      );
      rig.deafen();
      heard = rig.prefix('').invalidations;
    },
    /** Whether no invalidation came since. */
    wasDeaf: (): boolean => rig.prefix('').invalidations === heard,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await server.stop();
      await other.stop();
    },
  };
}

export type DeafRig = Awaited<ReturnType<typeof makeDeafRig>>;
