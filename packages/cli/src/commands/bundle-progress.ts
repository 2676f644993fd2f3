// What `bundle` says on stderr while it works: live lines on a terminal; elsewhere a line for each image,
// and for long reads one now and then.
import type {
  ExportPlan,
  ExportProgress,
  ImportProgress,
  ReportedReference,
} from '@portolan/mirror';
import { reasonOf } from '@portolan/oci';
import { counted } from '../terminal/counted.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import { type LiveStream, startLiveLines } from '../terminal/live-lines.ts';
import type { Output } from '../terminal/output.ts';
import type { CommandContext } from './context.ts';
import { openLiveImages, rateOf, SILENT_COPY } from './live-images.ts';

type ProgressDeps = Pick<CommandContext, 'output' | 'terminal' | 'clock'>;

/** Of a long read. */
export interface VerifyProgress {
  readonly onTotal: (bytes: number) => void;
  readonly onBytes: (count: number) => void;
  end(): void;
}

const NOTE_EVERY_BYTES = 1024 ** 3;
const nothing = (): void => undefined;

/** A line for every GiB. */
function countBytes(output: Output, what: string): (count: number) => void {
  let bytes = 0;
  return (count) => {
    const before = Math.floor(bytes / NOTE_EVERY_BYTES);
    bytes += count;
    if (Math.floor(bytes / NOTE_EVERY_BYTES) > before) output.note(`${what} ${formatBytes(bytes)}`);
  };
}

function planLine({ references, bytes, newBytes }: ExportPlan): string {
  return `${counted(references, 'reference')}, ${formatBytes(bytes)}; ${formatBytes(newBytes)} to write`;
}

function copiedLine(name: string, bytes: number): string {
  return `copied: ${name} (${bytes === 0 ? 'nothing new' : formatBytes(bytes)})`;
}

function failedLine(name: string, error: unknown): string {
  return `failed: ${name}: ${reasonOf(error)}`;
}

function importedLine({ destination, outcome, error }: ReportedReference): string {
  return `${outcome}: ${destination}${error === undefined ? '' : `: ${error}`}`;
}

function plainExport(output: Output): ExportProgress {
  const copied = countBytes(output, 'copied');
  return {
    planned: (plan) => output.note(planLine(plan)),
    started: () => ({ ...SILENT_COPY, bytes: (_digest, count) => copied(count) }),
    copied: (name, bytes) => output.note(copiedLine(name, bytes)),
    failed: (name, error) => output.note(failedLine(name, error)),
  };
}

function liveExport(stream: LiveStream, clock: () => number) {
  let plan: ExportPlan | undefined;
  const images = openLiveImages(stream, clock, ({ found, done, bytes }) =>
    plan === undefined
      ? 'looking for what there is to copy'
      : `${done} of ${found} images, ${formatBytes(bytes)} of ${formatBytes(plan.newBytes)} copied`,
  );
  return {
    planned(found: ExportPlan) {
      plan = found;
      images.totals.found = found.images;
      images.print(planLine(found));
    },
    started: (name) => images.started(name),
    copied: (name, bytes) => images.done(name, copiedLine(name, bytes)),
    failed(name, error) {
      const line = failedLine(name, error);
      // What could not even be planned is none of those that are counted.
      if (plan === undefined) images.print(line);
      else images.done(name, line);
    },
    end: () => images.end(),
  } satisfies ExportProgress & { end(): void };
}

export function openExportProgress({
  output,
  terminal,
  clock,
}: ProgressDeps): ExportProgress & { end(): void } {
  if (terminal !== undefined) return liveExport(terminal, clock);
  return { ...plainExport(output), end: nothing };
}

export function openVerifyProgress({ output, terminal, clock }: ProgressDeps): VerifyProgress {
  if (terminal === undefined) {
    return { onTotal: nothing, onBytes: countBytes(output, 'verified'), end: nothing };
  }
  const startedAt = clock();
  let total = 0;
  let bytes = 0;
  const lines = startLiveLines(terminal, () => {
    const amount = total === 0 ? '' : ` of ${formatBytes(total)}`;
    return [`verified ${formatBytes(bytes)}${amount}  ${rateOf(bytes, clock() - startedAt)}`];
  });
  return {
    onTotal: (size) => {
      total = size;
    },
    onBytes: (count) => {
      bytes += count;
    },
    end: () => lines.end(),
  };
}

/** An import reads all of the bundle first, and copies then: each has lines of its own. */
export function openImportProgress(deps: ProgressDeps): ImportProgress & { end(): void } {
  const { output, terminal, clock } = deps;
  const verify = openVerifyProgress(deps);
  let images: ReturnType<typeof openLiveImages> | undefined;
  return {
    verifyStarted: verify.onTotal,
    verifying: verify.onBytes,
    verified({ bytes }) {
      verify.end();
      output.note(`verified: ${formatBytes(bytes)}`);
    },
    found(count) {
      if (terminal === undefined) return;
      images = openLiveImages(
        terminal,
        clock,
        ({ found, done, bytes }) => `${done} of ${found} images, ${formatBytes(bytes)} copied`,
      );
      images.totals.found = count;
    },
    started: (name) => images?.started(name) ?? SILENT_COPY,
    done(reference) {
      const line = importedLine(reference);
      if (images === undefined) output.note(line);
      else images.done(reference.destination, line);
    },
    end() {
      verify.end();
      images?.end();
    },
  };
}
