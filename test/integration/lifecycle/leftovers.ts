// What a near cache could leave behind in its process: sockets, timers, listeners, subscribers, memory.

import { type AsyncHook, createHook } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';

/** Timers and sockets, referenced or not; an unreferenced one shows in no list of Node.js' own. */
const WATCHED: ReadonlySet<string> = new Set([
  'Timeout',
  'Immediate',
  'TCPWRAP',
  'TCPCONNECTWRAP',
  'PIPEWRAP',
]);

/** Counts timers and sockets that were made since it was started and are not done yet. */
export class LiveResources {
  readonly #live = new Map<number, string>();
  readonly #hook: AsyncHook;

  constructor() {
    this.#hook = createHook({
      init: (id, type) => {
        if (WATCHED.has(type)) this.#live.set(id, type);
      },
      destroy: (id) => {
        this.#live.delete(id);
      },
    }).enable();
  }

  count(): number {
    return this.#live.size;
  }

  /** By type. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const type of this.#live.values()) counts[type] = (counts[type] ?? 0) + 1;
    return counts;
  }

  stop(): void {
    this.#hook.disable();
  }
}

/** What keeps the process alive, by type. */
export function activeResources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** By event. */
export function processListeners(): Readonly<Record<string, number>> {
  return Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}

const CHANNELS = ['state', 'invalidate', 'flush', 'replica', 'evict', 'warning', 'error'];

/** Names of the package's channels that somebody listens to. */
export function heardChannels(): string[] {
  return CHANNELS.filter((name) => channel(`redis-near-cache:${name}`).hasSubscribers);
}

/** Of the heap after garbage collection. Unit: bytes. @throws Error without --expose-gc */
export async function heapUsed(): Promise<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Run with --expose-gc.');
  for (let i = 0; i < 4; i++) {
    gc();
    // Finalisers, and callbacks of closed sockets.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/** Of the straight line that fits best, by least squares. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const x = mean(0);
  const y = mean(1);
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
