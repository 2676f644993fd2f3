// For what anybody can make happen as often as they like, and what is still worth a warning once in a while.

/** Asked only when there is something to tell: whether enough time has passed since the last yes. */
export function createAtMostEvery(periodMs: number, clock: () => number): () => boolean {
  let lastAt = -Infinity;
  return () => {
    const now = clock();
    if (now - lastAt < periodMs) return false;
    lastAt = now;
    return true;
  };
}
