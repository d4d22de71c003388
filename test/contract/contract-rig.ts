// What a contract test needs: a wrapped client of some kind, a bare one of the same kind to compare with, and a way to
// know that everything written so far was announced.

import type { NearCacheOptions, PrefixStats } from 'redis-near-cache';
import { type Client, call, type Near } from '../support/client.js';
import { discard, type Kind, wrap } from '../support/majors.js';
import type { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

export const PREFIX = 'k:';

/** No machine is so busy that a lease of this length ends in a test. Unit: ms. */
const LONG = 60_000;

export interface ContractRig<C extends Client> {
  readonly kind: Kind;
  /** The client that was wrapped. */
  readonly raw: C;
  readonly redis: Near<C>;
  /** A client of the same kind without a cache, connected: what it writes is somebody else's. */
  readonly bare: C;
  /** Runs the cache's pushes through a proxy. */
  readonly tracking: TcpProxy;
  prefix(name?: string): PrefixStats;
  /** Waits until every write so far was announced to the cache. */
  settled(): Promise<void>;
  /** Keeps invalidations away from the cache: what happens now, it has to know by itself. */
  deafen(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function makeContractRig<C extends Client = Client>(
  server: RedisServer,
  kind: Kind,
  clientOptions: Readonly<Record<string, unknown>> = {},
  nearOptions: Partial<NearCacheOptions> = {},
): Promise<ContractRig<C>> {
  const tracking = await TcpProxy.start(server.port);
  const raw = kind.create(server.url, clientOptions) as C;
  const redis = wrap(raw, {
    prefixes: [PREFIX],
    maxStaleness: LONG,
    ...nearOptions,
    tracking: { url: tracking.url, ...nearOptions.tracking },
  });
  const bare = kind.create(server.url, clientOptions) as C;
  await Promise.all([redis.connect(), bare.connect()]);
  await redis.near.ready();
  return {
    kind,
    raw,
    redis,
    bare,
    tracking,
    prefix: (name = PREFIX) => prefixStats(redis, name),
    settled: () =>
      settled(redis, bare, nearOptions.prefixes === undefined ? PREFIX : firstPrefix(nearOptions)),
    deafen: () => tracking.hold('down'),
    async [Symbol.asyncDispose]() {
      redis.near.close();
      await Promise.all([discard(raw), discard(bare)]);
      await tracking.stop();
    },
  };
}

let markers = 0;

/** Pushes come in the order of the writes: when that of a marker was seen, those of all writes before it were. */
export async function settled(redis: Near, writer: Client, prefix = PREFIX): Promise<void> {
  const marker = `${prefix}marker ${markers++}`;
  let seen = false;
  const watch = ({ keys }: { readonly keys: readonly string[] | null }): void => {
    seen ||= keys?.includes(marker) ?? false;
  };
  redis.near.on('invalidate', watch);
  await call(writer, 'set', [marker, 'x']);
  await until(() => seen, 5_000, 'the cache to be told of a write');
  redis.near.off('invalidate', watch);
}

function prefixStats(redis: Near, name: string): PrefixStats {
  const stats = redis.near.stats().prefixes[name];
  if (stats === undefined) throw new Error(`No prefix ${name}.`);
  return stats;
}

function firstPrefix({ prefixes }: Partial<NearCacheOptions>): string {
  const [first] = prefixes ?? [];
  return typeof first === 'object' ? first.prefix : (first ?? PREFIX);
}
