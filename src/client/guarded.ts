// Calls what belongs to others.

/** What it throws is its owner's business, not the cache's: it surfaces as an uncaught exception. */
export function guarded(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
