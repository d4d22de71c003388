// What a careless caller may do to a reply.

/** Changes everything about a reply that can be changed. */
export function ruin(reply: unknown): void {
  if (typeof reply !== 'object' || reply === null) return;
  if (Buffer.isBuffer(reply)) {
    reply.fill(0);
    return;
  }
  if (reply instanceof Map || reply instanceof Set) {
    for (const inner of reply.values()) ruin(inner);
    reply.clear();
    return;
  }
  for (const inner of Object.values(reply)) ruin(inner);
  for (const name of Object.keys(reply)) Reflect.deleteProperty(reply, name);
  if (Array.isArray(reply)) reply.length = 0;
  Reflect.set(reply, 0, 'ruined');
}
