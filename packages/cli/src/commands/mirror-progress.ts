// What `portolan mirror sync` tells while it goes on: live lines on a terminal, a line for each image
// elsewhere, or an event for each as JSON. All on stderr; the answer itself goes to stdout.
import type { ImageResult, RunReport, SyncProgress } from '@portolan/mirror';
import { formatBytes } from '../terminal/format-bytes.ts';
import { type LiveStream, startLiveLines } from '../terminal/live-lines.ts';
import type { Output } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';

export const PROGRESS_KINDS = ['auto', 'live', 'plain', 'json', 'none'] as const;
export type ProgressKind = (typeof PROGRESS_KINDS)[number];

export interface RunningProgress extends SyncProgress {
  end(): void;
}

const nothing = (): void => undefined;
const SILENT = { blobStarted: nothing, bytes: nothing, blobDone: nothing };

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
    imageStarted: () => SILENT,
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
        ...SILENT,
        blobStarted: (digest, size) => tell('blob-started', { destination, tag, digest, size }),
        blobDone: (digest) => tell('blob-done', { destination, tag, digest }),
      };
    },
    imageDone: (destination, result) => tell('image-done', { destination, ...result }),
    ruleEnded: (report) => tell('rule-ended', report),
    end: nothing,
  };
}

/** An image that is under way. */
interface Active {
  readonly name: string;
  readonly startedAt: number;
  size: number;
  bytes: number;
}

/** The end says most: there is the tag. */
function shortened(name: string, room: number): string {
  return name.length <= room ? name : `…${name.slice(1 - room)}`;
}

const LEAST_NAME = 16;

function activeLine({ name, startedAt, size, bytes }: Active, now: number, width: number): string {
  const seconds = Math.max((now - startedAt) / 1000, 0.1);
  const rate = bytes === 0 ? '' : `  ${formatBytes(Math.round(bytes / seconds))}/s`;
  const amount = size === 0 ? 'checking' : `${formatBytes(bytes)} of ${formatBytes(size)}`;
  const rest = `  ${amount}${rate}`;
  // Names are long, and how far it is must stay in sight.
  const room = Math.max(width - rest.length - 2, LEAST_NAME);
  return `  ${shortened(printable(name), room)}${rest}`;
}

/** How far all rules are. */
interface Totals {
  found: number;
  done: number;
  bytes: number;
}

function liveProgress(stream: LiveStream, clock: () => number): RunningProgress {
  const active = new Map<string, Active>();
  const totals: Totals = { found: 0, done: 0, bytes: 0 };
  const lines = startLiveLines(stream, (width) => {
    const now = clock();
    const head = `${totals.done} of ${totals.found} images, ${formatBytes(totals.bytes)} fetched`;
    return [head, ...[...active.values()].map((image) => activeLine(image, now, width))];
  });
  return {
    ruleStarted: nothing,
    ruleWaits: (destination) => lines.print(waitLine(destination)),
    ruleFound: (_destination, images) => {
      totals.found += images;
    },
    imageStarted(destination, tag) {
      const name = `${destination}:${tag}`;
      const image: Active = { name, startedAt: clock(), size: 0, bytes: 0 };
      active.set(name, image);
      return {
        ...SILENT,
        blobStarted: (_digest, size) => {
          image.size += size;
        },
        bytes: (_digest, count) => {
          image.bytes += count;
          totals.bytes += count;
        },
      };
    },
    imageDone(destination, result) {
      active.delete(`${destination}:${result.tag}`);
      totals.done++;
      if (isNews(result)) lines.print(imageLine(destination, result));
    },
    ruleEnded(report) {
      const line = failureLine(report);
      if (line !== undefined) lines.print(line);
    },
    end: () => lines.end(),
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
