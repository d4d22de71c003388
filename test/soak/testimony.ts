// What every server says of a key at a moment, to tell a promise that was broken from a write that Redis lost.

import type { RedisServer } from '../support/redis-server.js';

export async function testimony(servers: readonly RedisServer[], key: string): Promise<string> {
  const each = await Promise.all(servers.map((server) => saysOf(server, key)));
  return `${key} is ${each.join(', ')}`;
}

async function saysOf(server: RedisServer, key: string): Promise<string> {
  if (!server.responds) return `nothing at ${server.port}, which does not respond`;
  try {
    const [role, value] = await server.pipeline([['ROLE'], ['GET', key]]);
    const [name, host, port] = Array.isArray(role) ? role.map(String) : [];
    const follows = name === 'slave' ? ` (of ${host}:${port})` : '';
    return `${String(value)} at ${name} ${server.port}${follows}`;
  } catch (error) {
    return `unknown at ${server.port} (${error instanceof Error ? error.message : String(error)})`;
  }
}
