// One direction of a connection: what was sent arrives in order, one thing at a time, when the scheduler says so.

export class Channel<T> {
  readonly #sent: T[] = [];

  send(message: T): void {
    this.#sent.push(message);
  }

  get isEmpty(): boolean {
    return this.#sent.length === 0;
  }

  get waiting(): readonly T[] {
    return this.#sent;
  }

  /** The next one; of several connections that count as one, that of any of them. */
  receive(at = 0): T | undefined {
    return this.#sent.splice(at, 1)[0];
  }

  /** The connection breaks: what is on its way does not arrive. */
  clear(): T[] {
    return this.#sent.splice(0);
  }
}
