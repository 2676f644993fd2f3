// What `bundle` says on stderr while it works: a line for each image, and for long reads one now and then.
import type { ExportProgress, ImportProgress } from '@portolan/mirror';
import { reasonOf } from '@portolan/oci';
import { formatBytes } from '../terminal/format-bytes.ts';
import type { Output } from '../terminal/output.ts';

const NOTE_EVERY_BYTES = 1024 ** 3;
const nothing = (): void => undefined;

/** A line for every GiB. */
export function countBytes(output: Output, what: string): (count: number) => void {
  let bytes = 0;
  return (count) => {
    const before = Math.floor(bytes / NOTE_EVERY_BYTES);
    bytes += count;
    if (Math.floor(bytes / NOTE_EVERY_BYTES) > before) output.note(`${what} ${formatBytes(bytes)}`);
  };
}

export function exportProgress(output: Output): ExportProgress {
  const copied = countBytes(output, 'copied');
  return {
    planned({ references, bytes, neededBytes }) {
      output.note(
        `${references} references, ${formatBytes(bytes)}; ${formatBytes(neededBytes)} to write`,
      );
    },
    copied: (name, { bytes }) => output.note(`copied: ${name} (${formatBytes(bytes)})`),
    failed: (name, error) => output.note(`failed: ${name}: ${reasonOf(error)}`),
    blobStarted: nothing,
    bytes: (_digest, count) => copied(count),
    blobDone: nothing,
  };
}

export function importProgress(output: Output): ImportProgress {
  return {
    verifying: countBytes(output, 'verified'),
    verified: ({ bytes }) => output.note(`verified: ${formatBytes(bytes)}`),
    done({ destination, outcome, error }) {
      output.note(`${outcome}: ${destination}${error === undefined ? '' : `: ${error}`}`);
    },
    blobStarted: nothing,
    bytes: nothing,
    blobDone: nothing,
  };
}
