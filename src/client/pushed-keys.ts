// Gathers the keys that a server says have changed in one turn, for listeners who want to hear of them together.

export class PushedKeys {
  readonly #tell: (node: string, keys: readonly string[] | null) => void;
  readonly #keys = new Map<string, string[]>();

  constructor(tell: (node: string, keys: readonly string[] | null) => void) {
    this.#tell = tell;
  }

  /** `null` stands for every key; what was gathered before is told first. */
  add(node: string, key: string | null): void {
    const gathered = this.#keys.get(node);
    if (key === null) {
      this.#release(node);
      this.#tell(node, null);
    } else if (gathered !== undefined) {
      gathered.push(key);
    } else {
      this.#keys.set(node, [key]);
      queueMicrotask(() => this.#release(node));
    }
  }

  #release(node: string): void {
    const keys = this.#keys.get(node);
    if (keys === undefined) return;
    this.#keys.delete(node);
    this.#tell(node, keys);
  }
}
