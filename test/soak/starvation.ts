// Whether this machine has let the soak run: what takes long because processes wait for the processor says nothing about
// recovery. A control that has nothing to do with the near cache tells.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RedisServer } from '../support/redis-server.js';

/** What a turn of this process, or a plain connection with one PING, may take on a machine with time to spare. Unit: ms. */
const ENOUGH = 150;

/** Runs something. @returns its result, and whether this process or a server had to wait for the processor meanwhile */
export async function underControl<T>(
  servers: readonly RedisServer[],
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly starved: boolean }> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const since = performance.now();
  const pings = servers
    .filter(({ responds }) => responds)
    .map(async (server) => {
      // One that asks for a password answers too.
      await server.command('PING').catch(() => {});
      return performance.now() - since;
    });
  const result = await run();
  delay.disable();
  const slowest = Math.max(delay.max / 1e6, ...(await Promise.all(pings)));
  return { result, starved: slowest > ENOUGH };
}
