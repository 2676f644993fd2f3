import { expect, it } from 'vitest';
import { stopSignal } from '../../src/commands/stop-signal.ts';
import { explainFailure } from '../../src/terminal/explain-failure.ts';

it.each(['SIGINT', 'SIGTERM'] as const)('%s ends a command with all there is to say', (name) => {
  const { signal, end } = stopSignal();
  expect(signal.aborted).toBe(false);
  process.emit(name);
  end();
  expect(explainFailure(signal.reason)).toEqual({
    message: 'interrupted; run it again to go on',
    hint: undefined,
    exitCode: 1,
  });
});
