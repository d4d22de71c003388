// Tracking connections by the hundred, in a process of their own: bare sockets that ask for pushes and throw them away, so
// that what a server does for them is measured and nothing else. Plain Node, because tests and benchmarks fork it.

import { connect } from 'node:net';

/** Where every socket reads to: what arrives is counted, not kept. */
const chunk = Buffer.alloc(64 * 1024);
const sockets = [];
let received = 0;
let expected = Number.POSITIVE_INFINITY;

process.on('message', (message) => {
  void answer(message);
});
process.on('disconnect', () => process.exit());

async function answer(message) {
  if (message.kind === 'open') {
    const { port, trackers, command } = message;
    while (sockets.length > 0) sockets.pop().destroy();
    // In order and not all at once: the server's backlog is short.
    for (let opened = 0; opened < trackers; opened++) sockets.push(await open(port, command));
    received = 0;
    process.send({ received });
  } else if (message.kind === 'expect') {
    expected = message.bytes;
    report();
  }
}

function report() {
  if (received < expected) return;
  expected = Number.POSITIVE_INFINITY;
  process.send({ received });
}

function open(port, command) {
  return new Promise((resolve, reject) => {
    let isOpen = false;
    let said = '';
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: chunk,
        callback(length) {
          if (isOpen) {
            received += length;
            report();
            return true;
          }
          said += chunk.toString('latin1', 0, length);
          if (said.startsWith('-') || said.includes('\r\n-')) reject(new Error(said));
          // The last thing in the answers to HELLO and CLIENT TRACKING.
          if (said.endsWith('\r\n+OK\r\n')) {
            isOpen = true;
            resolve(socket);
          }
          return true;
        },
      },
    });
    socket.on('error', reject);
    socket.write(command);
  });
}
