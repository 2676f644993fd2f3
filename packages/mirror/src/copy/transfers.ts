// One transfer for each digest at a time, between all copies that share this object. Whoever comes
// second waits, and then finds the content at its sink or fetches it itself. A pull-through that feeds
// several readers from one transfer would join here.
import type { Digest } from '@portolan/oci';
import { orAborted } from './or-aborted.ts';

export interface Transfers {
  /** Runs `work` when no other work for the digest runs. @throws the signal's reason while it waits */
  run<T>(digest: Digest, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createTransfers(): Transfers {
  const last = new Map<Digest, Promise<void>>();
  return {
    async run(digest, signal, work) {
      const turn = last.get(digest);
      const { promise: done, resolve } = Promise.withResolvers<void>();
      // One who gives up waiting must not let the next ones in before their turn.
      const settled = turn === undefined ? done : Promise.all([turn, done]).then(() => undefined);
      last.set(digest, settled);
      try {
        if (turn !== undefined) await orAborted(turn, signal);
        return await work();
      } finally {
        resolve();
        if (last.get(digest) === settled) void settled.then(() => forget(digest, settled));
      }
    },
  };

  function forget(digest: Digest, settled: Promise<void>): void {
    if (last.get(digest) === settled) last.delete(digest);
  }
}
