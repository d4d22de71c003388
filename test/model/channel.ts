// One direction of a connection: what was sent arrives in order, one thing at a time, when the scheduler says so.

export class Channel<T> {
  readonly #sent: T[] = [];

  send(message: T): void {
    this.#sent.push(message);
  }

  get isEmpty(): boolean {
    return this.#sent.length === 0;
  }

  receive(): T | undefined {
    return this.#sent.shift();
  }

  clear(): void {
    this.#sent.length = 0;
  }
}
