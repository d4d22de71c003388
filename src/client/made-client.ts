// A node-redis client that is connected here, until it is ended here.
//
// While node-redis connects it cannot be ended: an attempt goes on, and the socket that comes of it stays open for good,
// because a client that is closed already refuses to be closed again. So it is ended once it is connected, or has failed to.

import { invoke, methodOf } from './methods.js';

/** A handshake that takes longer is broken off: the server is there and does not answer. Unit: ms. */
const PATIENCE = 1_000;

export class MadeClient {
  readonly #client: object;
  #state: 'wanted' | 'ending' | 'over' = 'wanted';
  #hasSocket = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners: readonly (readonly [event: string, listener: () => void])[] = [
    ['connect', () => this.#follow(true)],
    ['reconnecting', () => this.#follow(false)],
    ['ready', () => this.#endIfUnwanted()],
  ];
  readonly #failed = (): void => this.#endIfUnwanted();

  /** Connects it; it goes on trying by itself. */
  constructor(client: object) {
    this.#client = client;
    for (const [event, listener] of this.#listeners) invoke(client, ['on'], [event, listener]);
    Promise.resolve(invoke(client, ['connect'], [])).catch(() => {});
  }

  end(): void {
    if (this.#state !== 'wanted') return;
    this.#state = 'ending';
    if (this.#is('isOpen') && !this.#is('isReady')) {
      invoke(this.#client, ['on'], ['error', this.#failed]);
      this.#limit();
    } else {
      this.#destroy();
    }
  }

  /** It is needed after all. @returns whether it is still there */
  keep(): boolean {
    if (this.#state !== 'ending') return false;
    this.#state = 'wanted';
    this.#forgive();
    return true;
  }

  #is(what: 'isOpen' | 'isReady'): boolean {
    return Reflect.get(this.#client, what) === true;
  }

  #follow(hasSocket: boolean): void {
    this.#hasSocket = hasSocket;
    if (this.#state === 'ending') this.#limit();
  }

  /** Attempts to get a socket are bounded by node-redis, handshakes are not. */
  #limit(): void {
    clearTimeout(this.#timer);
    if (!this.#hasSocket) return;
    this.#timer = setTimeout(() => this.#endIfUnwanted(), PATIENCE);
    this.#timer.unref();
  }

  #endIfUnwanted(): void {
    // What is ready has still to say so to its owner.
    if (this.#state === 'ending') setImmediate(() => this.#state === 'ending' && this.#destroy());
  }

  #forgive(): void {
    clearTimeout(this.#timer);
    invoke(this.#client, ['off'], ['error', this.#failed]);
  }

  #destroy(): void {
    this.#state = 'over';
    this.#forgive();
    for (const [event, listener] of this.#listeners) invoke(this.#client, ['off'], [event, listener]);
    try {
      const how = methodOf(this.#client, 'destroy') ? 'destroy' : 'disconnect';
      Promise.resolve(invoke(this.#client, [how], [])).catch(() => {});
    } catch {
      // It was closed already.
    }
  }
}
