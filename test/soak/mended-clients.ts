// Mends in two clients of node-redis what would hide everything else in a soak: under faults they hand replies to commands
// that they do not belong to, with a near cache or without. 6.3.1 needs no mending.

import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** To be called before clients are made. */
export function mendClients(): void {
  mendV4();
  mendV5();
}

/**
 * 1.6.1: when a connection is lost in the middle of a frame, the decoder keeps part of what it had begun, and reads the first
 * reply of the next connection as its end.
 */
function mendV4(): void {
  const { default: decoder } = load('redis-client-v4/dist/lib/client/RESP2/decoder.js') as {
    default: { prototype: { reset(): void } };
  };
  const { reset } = decoder.prototype;
  decoder.prototype.reset = function () {
    reset.call(this);
    Object.assign(this, {
      integer: 0,
      isNegativeInteger: undefined,
      bulkStringRemainingLength: undefined,
      arraysInProcess: [],
      initializeArray: false,
      arrayItemType: undefined,
    });
  };
}

/**
 * 5.12.1: when a connection is lost while commands wait for the end of the turn to be sent, they are written to the socket
 * that is gone and counted as waiting for a reply. From then on each command gets the reply of an earlier one.
 */
function mendV5(): void {
  const { default: socket } = load('redis-client-v5/dist/lib/client/socket.js') as {
    default: {
      prototype: { emit(event: string, ...args: unknown[]): boolean; write(commands: unknown): void };
    };
  };
  const { emit, write } = socket.prototype;
  const gone = new WeakSet<object>();
  socket.prototype.emit = function (event, ...args) {
    if (event === 'error') gone.add(this);
    if (event === 'connect') gone.delete(this);
    return emit.call(this, event, ...args);
  };
  socket.prototype.write = function (commands) {
    if (!gone.has(this)) write.call(this, commands);
  };
}
