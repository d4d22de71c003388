// What a coherence test needs: a wrapped client whose data and tracking connections run through proxies of their
// own, an outsider who writes past it, and eyes on the server.

import { createClient } from 'redis-client-v4';
import { type NearCacheOptions, withNearCache } from 'redis-near-cache';
import type { RedisServer } from './redis-server.js';
import { TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';

export type PlainClient = ReturnType<typeof createClient>;

export const PREFIX = 'k:';

/** A connected node-redis v4 client without a cache. */
export async function connectPlain(url: string): Promise<PlainClient> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

export async function makeRig(server: RedisServer, options: Partial<NearCacheOptions> = {}) {
  const data = await TcpProxy.start(server.port);
  const tracking = await TcpProxy.start(server.port);
  const raw = createClient({ url: data.url });
  raw.on('error', () => {});
  const redis = withNearCache(raw, {
    prefixes: [PREFIX],
    ...options,
    tracking: { url: tracking.url, reconnectStrategy: 20, ...options.tracking },
  });
  await redis.connect();
  await redis.near.ready();
  const outsider = await connectPlain(server.url);
  return {
    server,
    data,
    tracking,
    raw,
    redis,
    outsider,
    /** Keeps invalidations (and PONGs) away from the cache: what happens now, it has to know by itself. */
    deafen: () => tracking.hold('down'),
    prefix: (name = PREFIX) => {
      const stats = redis.near.stats().prefixes[name];
      if (stats === undefined) throw new Error(`No prefix ${name}.`);
      return stats;
    },
    serving: () => until(() => redis.near.state === 'serving', 5_000, 'the cache to serve'),
    /** A read whose reply is held on the wire: it has been executed, nobody has seen the reply. */
    async heldRead<T>(read: () => Promise<T>): Promise<Promise<T>[]> {
      data.hold('down');
      const reply = read();
      // Wrapped, because awaiting a promise of a promise would wait for the reply.
      const replies = [reply];
      await until(() => data.held('down') > 0, 5_000, 'the reply to be held');
      await quiet(data);
      return replies;
    },
    async [Symbol.asyncDispose]() {
      redis.near.close();
      if (raw.isOpen) await raw.disconnect();
      await outsider.disconnect();
      await data.stop();
      await tracking.stop();
    },
  };
}

export type Rig = Awaited<ReturnType<typeof makeRig>>;

/** Waits until nothing more arrives at a holding proxy: all replies of one write are there. */
async function quiet(proxy: TcpProxy): Promise<void> {
  let last = -1;
  let same = 0;
  await until(() => {
    const now = proxy.held('down');
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= 5;
  });
}

/** How often the server has executed a command since its statistics were reset. */
export async function calls(server: RedisServer, command: string): Promise<number> {
  const info = String(await server.command('INFO', 'commandstats'));
  const match = new RegExp(`cmdstat_${command.toLowerCase()}:calls=(\\d+)`).exec(info);
  return Number(match?.[1] ?? 0);
}

/** Blocks the event loop, as a large JSON.parse would. */
export function blockEventLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
