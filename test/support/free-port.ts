// Ports for servers and proxies. Not those that the system hands out for outgoing connections: one of these could
// take the port of a server that is down for a moment. And each with the port 10 000 above it, where a node of a cluster
// listens for other nodes.

import { createServer } from 'node:net';

const FIRST = 10_000;
const COUNT = 10_000;
const BUS = 10_000;

// Processes that run at the same time start far apart.
let next = (process.pid * 97) % COUNT;

export async function freePort(): Promise<number> {
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if ((await isFree(port)) && (await isFree(port + BUS))) return port;
  }
  throw new Error('No free port.');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
