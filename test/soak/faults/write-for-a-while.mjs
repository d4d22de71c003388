// Writes keys over and over for some time, as another process does while this one's event loop stands still:
// `node write-for-a-while.mjs PORT MS KEY...`. The first write of each key is its version 2. Tells of each write, in
// order: the key, when it was sent and when it was acknowledged, if it was (ms of the machine's monotonic clock).

import { connect } from 'node:net';

const [port, ms, ...keys] = process.argv.slice(2);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const end = now() + Number(ms);
const lines = [];
let version = 1;
let turn = keys.length;
let sentAt = 0;
let isAnswered = true;

const socket = connect(Number(port), '127.0.0.1');
socket.setNoDelay(true);
socket.on('error', finish);
socket.on('connect', next);
socket.on('data', (reply) => {
  if (!reply.toString().startsWith('+OK')) return finish();
  lines.push(`${keys[turn]} ${sentAt} ${now()}`);
  isAnswered = true;
  setTimeout(next, 1);
});

function next() {
  turn++;
  if (turn >= keys.length) {
    turn = 0;
    version++;
    if (now() >= end) return finish();
  }
  const words = ['SET', keys[turn], String(version)];
  sentAt = now();
  isAnswered = false;
  socket.write(`*3\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
}

function finish() {
  socket.destroy();
  if (!isAnswered) lines.push(`${keys[turn]} ${sentAt}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
