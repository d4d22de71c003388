// What one node of a cluster believes about all of them: CLUSTER NODES, read.

import type { RedisServer } from '../redis-server.js';

/** The slots of a cluster. */
export const SLOTS = 16_384;

export interface NodeView {
  readonly id: string;
  readonly port: number;
  /** As the server spells them: `myself`, `master`, `slave`, `fail?`, `fail`, `handshake` ... */
  readonly flags: readonly string[];
  /** Whom a replica follows. */
  readonly primaryId: string | undefined;
  /** Whether the link between the two nodes is up. */
  readonly linked: boolean;
  /** First and last slot of each range. */
  readonly ranges: readonly (readonly [number, number])[];
}

export async function viewOf(server: RedisServer): Promise<readonly NodeView[]> {
  const text = String(await server.command('CLUSTER', 'NODES'));
  return text.trim().split('\n').map(parse);
}

export function holds(node: NodeView, slot: number): boolean {
  return node.ranges.some(([first, last]) => first <= slot && slot <= last);
}

export function slotsOf(node: NodeView): number[] {
  return node.ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
}

/** `id ip:port@bus flags primary ping pong epoch link slot...`, where slots on the move stand in brackets. */
function parse(line: string): NodeView {
  const [id = '', address = '', flags = '', primary = '-', , , , link, ...slots] = line.trim().split(' ');
  return {
    id,
    port: Number(/:(\d+)/.exec(address)?.[1]),
    flags: flags.split(','),
    primaryId: primary === '-' ? undefined : primary,
    linked: link === 'connected',
    ranges: slots.filter((slot) => !slot.startsWith('[')).map(range),
  };
}

function range(text: string): [number, number] {
  const [first = '', last = first] = text.split('-');
  return [Number(first), Number(last)];
}
