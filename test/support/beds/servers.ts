// Several servers as one: started together or not at all, ended together, and what they say about themselves.

import { RedisServer, type ServerOptions } from '../redis-server.js';

/** Starts one server per element. If one fails, none is left. */
export async function startServers(options: readonly ServerOptions[]): Promise<RedisServer[]> {
  const servers: RedisServer[] = [];
  // One by one, because each looks for a free port; their starts overlap.
  for (const each of options) servers.push(await RedisServer.prepare(each));
  return orEnd(servers, async () => {
    // All have settled before any is ended: none may start after its end.
    const launched = await Promise.allSettled(servers.map((server) => server.launch()));
    for (const result of launched) if (result.status === 'rejected') throw result.reason;
    return servers;
  });
}

/** The result of a first step with servers that end if it fails. */
export async function orEnd<T>(servers: readonly RedisServer[], step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await stopServers(servers);
    throw error;
  }
}

export async function stopServers(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

/** Whether a server that runs, or ran a moment ago, says so. One that is gone says nothing. */
export async function says(question: () => Promise<boolean>): Promise<boolean> {
  try {
    return await question();
  } catch {
    return false;
  }
}

/** The fields of a text of lines `name:value`, as INFO and CLUSTER INFO reply. */
export function fieldsOf(text: unknown): ReadonlyMap<string, string> {
  const lines = String(text).split('\r\n');
  return new Map(
    lines.filter((line) => line.includes(':')).map((line) => [name(line), line.slice(name(line).length + 1)]),
  );
}

function name(line: string): string {
  return line.slice(0, line.indexOf(':'));
}
