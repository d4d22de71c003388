// Faults after which another server is the primary, and what Redis may lose by them: what was acknowledged since the replicas
// were last known to have everything.

import { replicationOf } from '../../support/beds/replication.js';
import { says } from '../../support/beds/servers.js';
import type { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/until.js';
import type { History, Scope } from '../history.js';
import { lasting, pause } from '../soak-bed.js';

/** A primary, who can take over from it, and the keys that it has at that moment. */
export interface Shard {
  readonly primary: RedisServer;
  readonly replicas: readonly RedisServer[];
  readonly scope: Scope;
}

/** What is acknowledged from now on may be lost, until the function returned is called; all before has been replicated. */
export async function mayLoseTheLast(shard: Shard, history: History): Promise<() => void> {
  const since = performance.now();
  const { offset } = await replicationOf(shard.primary);
  const has = async (replica: RedisServer): Promise<boolean> =>
    (await replicationOf(replica)).offset >= offset;
  for (const replica of shard.replicas)
    await until(() => says(() => has(replica)), 15_000, `${replica.url} to catch up`);
  return history.mayLose(shard.scope, since);
}

/** The primary is gone; it comes back when `tookOver` says that another one is there. */
export async function killPrimary(
  shard: Shard,
  history: History,
  tookOver: () => Promise<unknown>,
  settled: () => Promise<void>,
): Promise<void> {
  await watched(shard, history, async () => {
    const over = await mayLoseTheLast(shard, history);
    await shard.primary.kill();
    // What is acknowledged from here on, the next primary has done.
    over();
    await tookOver();
    await shard.primary.launch();
    await settled();
  });
}

/**
 * The primary stands still until another one is there, and for some time more. When it goes on it may still acknowledge
 * what it was sent, for as long as it takes until it learns of the other: `settled`.
 */
export async function freezePrimary(
  shard: Shard,
  history: History,
  random: () => number,
  tookOver: () => Promise<unknown>,
  settled: () => Promise<void>,
): Promise<void> {
  await watched(shard, history, async () => {
    const over = await mayLoseTheLast(shard, history);
    shard.primary.freeze();
    over();
    let lost = (): void => {};
    try {
      await tookOver();
      await lasting(random, 0, 1_500);
    } finally {
      lost = history.mayLose(shard.scope, performance.now());
      shard.primary.thaw();
    }
    await settled();
    lost();
  });
}

/**
 * One replica takes over. Where a second one is made primary too, as sentinels on a busy machine do when they take the first
 * attempt for failed, Redis loses what it acknowledged since: all of it is in doubt then, in hindsight too.
 */
async function watched(shard: Shard, history: History, strike: () => Promise<void>): Promise<void> {
  const since = performance.now();
  const promoted = new Set<RedisServer>();
  let over: (() => void) | undefined;
  let isWatching = true;
  const watch = async (): Promise<void> => {
    while (isWatching) {
      for (const replica of shard.replicas) {
        const leads = (): Promise<boolean> => replicationOf(replica).then(({ role }) => role === 'primary');
        if (replica.responds && (await says(leads))) promoted.add(replica);
      }
      if (promoted.size > 1) over ??= history.mayLose(shard.scope, since);
      await pause(20);
    }
  };
  const watching = watch();
  try {
    await strike();
  } finally {
    isWatching = false;
    await watching;
    over?.();
  }
}
