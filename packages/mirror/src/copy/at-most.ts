// Bounded parallelism.

/**
 * Works through `items`, so many at once. After the first failure nothing new begins; that failure is
 * thrown when all that had begun has ended, so nothing goes on behind the caller's back.
 */
export async function forEachAtMost<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failure: { readonly error: unknown } | undefined;
  async function drain(): Promise<void> {
    for (const item of queue) {
      if (failure !== undefined) return;
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, drain));
  if (failure !== undefined) throw failure.error;
}

export type Slots = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets so many run at once, the others in the order in which they came. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
