// A cluster's transaction: it finds its node and executes itself, so what it sends is noted while it is put together.

import type { QueuedCommands } from './adapter.js';
import type { WireCommand } from './effect.js';
import { type Method, methodOf } from './methods.js';

/** Executes what `run` executes, with what is known of it. */
export type Around = (queue: QueuedCommands, run: () => unknown) => unknown;

/** Scripts go in past what notes. */
const UNSEEN: WireCommand = [];

/** Changes `multi` such that whatever executes it goes through `around`. */
export function noted(multi: object, scripts: Iterable<string>, around: Around): object {
  const queue: { readonly args: WireCommand }[] = [];
  const before = (name: string, note: (args: readonly unknown[]) => void): void => {
    const original = methodOf(multi, name);
    if (original === undefined) return;
    replace(multi, name, (...args) => {
      note(args);
      return original.apply(multi, args);
    });
  };
  before('addCommand', (args) => queue.push({ args: args.find(Array.isArray) ?? UNSEEN }));
  for (const name of scripts) before(name, () => queue.push({ args: UNSEEN }));
  for (const name of ['exec', 'EXEC', 'execTyped', 'execAsPipeline', 'execAsPipelineTyped']) {
    const original = methodOf(multi, name);
    if (original !== undefined)
      replace(multi, name, (...args) => around(queue, () => original.apply(multi, args)));
  }
  return multi;
}

function replace(object: object, name: string, value: Method): void {
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
}
