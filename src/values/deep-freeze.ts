// Freezes what is handed out to many.

/** Freezes an object and everything in it. What can't be frozen, such as the bytes of a Buffer, is left as it is. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value))
    return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
