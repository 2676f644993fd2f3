// What `portolan mirror sync` tells while it goes on: live lines on a terminal, a line for each image
// elsewhere, or an event for each as JSON. All on stderr; the answer itself goes to stdout.
import type { ImageResult, RunReport, SyncProgress } from '@portolan/mirror';
import { formatBytes } from '../terminal/format-bytes.ts';
import type { LiveStream } from '../terminal/live-lines.ts';
import type { Output } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { openLiveImages, SILENT_COPY } from './live-images.ts';
import { syncRow } from './mirror-sync-report.ts';

export const PROGRESS_KINDS = ['auto', 'live', 'plain', 'json', 'none'] as const;
export type ProgressKind = (typeof PROGRESS_KINDS)[number];

export interface RunningProgress extends SyncProgress {
  end(): void;
}

const nothing = (): void => undefined;

function imageLine(destination: string, { tag, status, bytes = 0, error }: ImageResult): string {
  const size = status === 'copied' ? ` (${formatBytes(bytes)})` : '';
  const line = `${status}: ${destination}:${tag}${size}`;
  return error === undefined ? line : `${line}: ${error.message}`;
}

/** What is as it was is no news, unless it is asked for with `--output json`. */
function isNews({ status }: ImageResult): boolean {
  return status !== 'unchanged' && status !== 'fresh';
}

function failureLine({ destination, outcome, error }: RunReport): string | undefined {
  if (outcome === 'busy') return `busy: ${destination}: another process runs this rule`;
  return error === undefined ? undefined : `failed: ${destination}: ${error.message}`;
}

function waitLine(destination: string): string {
  return `waiting: ${destination}: another process runs this rule, or was killed a moment ago`;
}

function silentProgress(): RunningProgress {
  return {
    ruleStarted: nothing,
    ruleWaits: nothing,
    ruleFound: nothing,
    imageStarted: () => SILENT_COPY,
    imageDone: nothing,
    ruleEnded: nothing,
    end: nothing,
  };
}

function plainProgress(output: Output): RunningProgress {
  return {
    ...silentProgress(),
    ruleWaits: (destination) => output.note(waitLine(destination)),
    imageDone: (destination, result) => output.note(printable(imageLine(destination, result))),
    ruleEnded(report) {
      const line = failureLine(report);
      if (line !== undefined) output.note(printable(line));
    },
  };
}

function jsonProgress(output: Output): RunningProgress {
  const tell = (event: string, facts: object): void =>
    output.note(JSON.stringify({ event, ...facts }));
  return {
    ruleStarted: (rule) => tell('rule-started', rule),
    ruleWaits: (destination) => tell('rule-waits', { destination }),
    ruleFound: (destination, images) => tell('rule-found', { destination, images }),
    imageStarted(destination, tag) {
      tell('image-started', { destination, tag });
      return {
        ...SILENT_COPY,
        blobStarted: (digest, size) => tell('blob-started', { destination, tag, digest, size }),
        blobDone: (digest) => tell('blob-done', { destination, tag, digest }),
      };
    },
    imageDone: (destination, result) => tell('image-done', { destination, ...result }),
    ruleEnded: (report, pruned) => tell('rule-ended', syncRow({ report, pruned })),
    end: nothing,
  };
}

function liveProgress(stream: LiveStream, clock: () => number): RunningProgress {
  const images = openLiveImages(
    stream,
    clock,
    ({ found, done, bytes }) => `${done} of ${found} images, ${formatBytes(bytes)} fetched`,
  );
  return {
    ...silentProgress(),
    ruleWaits: (destination) => images.print(waitLine(destination)),
    ruleFound: (_destination, found) => {
      images.totals.found += found;
    },
    imageStarted: (destination, tag) => images.started(`${destination}:${tag}`),
    imageDone(destination, result) {
      const line = isNews(result) ? imageLine(destination, result) : undefined;
      images.done(`${destination}:${result.tag}`, line);
    },
    ruleEnded(report) {
      const line = failureLine(report);
      if (line !== undefined) images.print(line);
    },
    end: () => images.end(),
  };
}

export interface ProgressDeps {
  readonly output: Output;
  readonly stderr: LiveStream & { readonly isTTY?: boolean | undefined };
  readonly clock: () => number;
}

export function openProgress(
  kind: ProgressKind,
  { output, stderr, clock }: ProgressDeps,
): RunningProgress {
  const isLive = kind === 'live' || (kind === 'auto' && stderr.isTTY === true);
  if (isLive) return liveProgress(stderr, clock);
  if (kind === 'json') return jsonProgress(output);
  return kind === 'none' ? silentProgress() : plainProgress(output);
}
