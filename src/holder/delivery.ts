/**
 * Hands things on one after the other, each only when the reader is done with the one before. Returns a
 * promise only where the reader gave one; `isOver` ends it in between.
 */
export function deliver<T>(
  things: readonly T[],
  reader: (thing: T) => void | Promise<void>,
  isOver: () => boolean,
): void | Promise<void> {
  for (const [index, thing] of things.entries()) {
    if (isOver()) return;
    const taken = reader(thing);
    if (taken !== undefined) return taken.then(() => deliver(things.slice(index + 1), reader, isOver));
  }
}

/** Waits for a reader that has something in hand, unless the signal says that nobody waits any more. */
export async function settled(taken: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const stop = (): void => aborted.resolve();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([taken, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
