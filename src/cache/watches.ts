// Who wants to know what happens to a key, whether or not anything is held of it.

/**
 * What happened: this process changes the key (`'own'`), a server says that it changed (`'pushed'`), or whatever changed
 * may not have been heard of (`'flushed'`).
 */
export type Touch = 'own' | 'pushed' | 'flushed';

/** Only takes note: the key may not have been dropped yet. */
export type Touched = (touch: Touch) => void;

export class KeyWatches {
  readonly #byKey = new Map<string, Set<Touched>>();

  /** @returns what ends it */
  watch(key: string, touched: Touched): () => void {
    const ofKey = this.#byKey.get(key) ?? new Set();
    ofKey.add(touched);
    this.#byKey.set(key, ofKey);
    return () => {
      if (ofKey.delete(touched) && ofKey.size === 0 && this.#byKey.get(key) === ofKey)
        this.#byKey.delete(key);
    };
  }

  tell(key: string, touch: Touch): void {
    const ofKey = this.#byKey.get(key);
    if (ofKey !== undefined) for (const touched of [...ofKey]) touched(touch);
  }

  tellAll(touch: Touch): void {
    for (const key of [...this.#byKey.keys()]) this.tell(key, touch);
  }
}
