// What `sync` tells on stderr while it goes on: live lines on a terminal, a line for each image elsewhere.
import type { SyncDeps } from '@portolan/mirror';
import { formatBytes } from '../terminal/format-bytes.ts';
import type { CommandContext } from './context.ts';
import { openLiveImages, SILENT_COPY } from './live-images.ts';
import { resultLine } from './sync-report.ts';

export interface RunningSync extends Pick<SyncDeps, 'onStart' | 'onResult'> {
  end(): void;
}

/** @param total images */
export function openSyncProgress(
  { output, terminal, clock }: Pick<CommandContext, 'output' | 'terminal' | 'clock'>,
  total: number,
): RunningSync {
  if (terminal === undefined) {
    return {
      onStart: () => SILENT_COPY,
      onResult: (result) => output.note(resultLine(result)),
      end: () => undefined,
    };
  }
  const images = openLiveImages(
    terminal,
    clock,
    ({ found, done, bytes }) => `${done} of ${found} images, ${formatBytes(bytes)} copied`,
  );
  images.totals.found = total;
  return {
    onStart: ({ target }) => images.started(target.label),
    onResult: (result) => images.done(result.target, resultLine(result)),
    end: () => images.end(),
  };
}
