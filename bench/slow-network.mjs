// A network between a client and the servers of this machine, in a thread of its own: what passes is delivered later,
// each way. Told the servers' ports, it answers with a port for each.

import { connect, createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** Unit: ms. */
const { delay, ports } = workerData;

function relay(from, to) {
  from.setNoDelay(true);
  from.on('error', () => {});
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delay));
  from.on('close', () => to.destroy());
}

const pairs = ports.map(
  (port) =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        const upstream = connect(port, '127.0.0.1');
        relay(socket, upstream);
        relay(upstream, socket);
      });
      server.listen(0, '127.0.0.1', () => resolve([port, server.address().port]));
    }),
);
parentPort.postMessage(await Promise.all(pairs));
