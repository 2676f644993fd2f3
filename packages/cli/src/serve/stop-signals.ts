// SIGTERM and SIGINT: the first stops in good order, the second at once. They are caught from the very
// beginning: one that comes while the server starts, or just after it said that it listens, is kept until
// there is something to stop in good order.
import { constants } from 'node:os';

export interface StopSignals {
  /** Resolves at the first signal. */
  readonly first: Promise<void>;
  /** What is done at the second one, before the process ends. Must not wait for anything. */
  atSecond(end: () => void): void;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export function catchStopSignals(): StopSignals {
  const { promise: first, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  let endAtOnce: (() => void) | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isStopping) {
        endAtOnce?.();
        process.exit(128 + constants.signals[signal]);
      }
      isStopping = true;
      resolve();
    });
  }
  return {
    first,
    atSecond(end) {
      endAtOnce = end;
    },
  };
}
