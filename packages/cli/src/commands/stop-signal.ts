// Ctrl-C ends a long command in good order: what is written stays whole, and the next run goes on.
import { CommandFailure } from '../terminal/explain-failure.ts';

export interface StopSignal {
  readonly signal: AbortSignal;
  /** Gives Ctrl-C its meaning back. */
  readonly end: () => void;
}

export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const stop = (): void => {
    // The second one ends at once.
    end();
    controller.abort(new CommandFailure('interrupted; run it again to go on'));
  };
  const end = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return { signal: controller.signal, end };
}
