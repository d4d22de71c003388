// One sample call of a command that changes keys: what must be there, what is called, which keys may be different
// afterwards.

import type { PlainClient } from '../../support/rig.js';

/** What a sample call may need to know of the servers it runs on. */
export interface Surroundings {
  readonly outsider: PlainClient;
  /** Port of another, empty server. */
  readonly otherPort: number;
}

export type Arguments = readonly unknown[] | ((around: Surroundings) => Promise<readonly unknown[]>);

export interface WriteCall {
  /** In capitals, as node-redis spells it. */
  readonly command: string;
  readonly args: Arguments;
  /** Commands that prepare the keys: words, or arguments where these contain blanks. */
  readonly given: readonly (string | readonly string[])[];
  /** The keys that the call changes. */
  readonly changes: readonly string[];
  /** Why no cached read shows the change; then only the drop can be seen. */
  readonly invisible?: string;
}

export function write(
  command: string,
  args: Arguments,
  given: WriteCall['given'] = [],
  changes = 'a',
  invisible?: string,
): WriteCall {
  const call = { command, args, given, changes: changes.split(' ') };
  return invisible === undefined ? call : { ...call, invisible };
}

/** Names the call in a test's title. */
export function title({ command, args }: WriteCall): string {
  return `${command} ${typeof args === 'function' ? '(...)' : JSON.stringify(args).slice(1, -1)}`;
}

/** What DUMP gives for a key, as bytes. */
export async function dumped({ outsider }: Surroundings, key: string): Promise<Buffer> {
  return outsider.dump(outsider.commandOptions({ returnBuffers: true }), key);
}
