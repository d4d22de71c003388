// Who waits for the near cache to be ready.

export class Readiness {
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  reached(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  failed(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
