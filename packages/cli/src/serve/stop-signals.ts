// SIGTERM and SIGINT: the first stops in good order, the second at once.
import { constants } from 'node:os';

export interface Stoppable {
  readonly stop: () => Promise<void>;
  /** Must not wait for anything. */
  readonly stopAtOnce: () => void;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Resolves when a signal has come and everything has ended. */
export function waitForStop({ stop, stopAtOnce }: Stoppable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let isStopping = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isStopping) {
        stopAtOnce();
        process.exit(128 + constants.signals[signal]);
      }
      isStopping = true;
      stop().then(resolve, reject);
    });
  }
  return promise;
}
