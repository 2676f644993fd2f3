// The lines of a run that copies images, on a terminal: one about all of it, and one for each image that is
// under way, with bytes, total and rate.
import type { CopyProgress } from '@portolan/mirror';
import { formatBytes } from '../terminal/format-bytes.ts';
import { type LiveStream, startLiveLines } from '../terminal/live-lines.ts';
import { printable } from '../terminal/printable.ts';

/** How far all images are. */
export interface LiveTotals {
  /** Known by whoever runs; images and bytes that are to come are counted here. */
  found: number;
  done: number;
  /** Bytes that came in. */
  bytes: number;
}

export interface LiveImages {
  readonly totals: LiveTotals;
  /** A name that is started again begins anew. */
  started(name: string): CopyProgress;
  /** @param line stays on the screen; undefined when there is no news */
  done(name: string, line: string | undefined): void;
  print(line: string): void;
  end(): void;
}

/** An image that is under way. */
interface Active {
  readonly name: string;
  readonly startedAt: number;
  size: number;
  bytes: number;
}

const LEAST_NAME = 16;
const nothing = (): void => undefined;

/** Here and not in the mirror, which most commands do not load. */
export const SILENT_COPY: CopyProgress = {
  blobStarted: nothing,
  bytes: nothing,
  blobDone: nothing,
};

/** The end says most: there is the tag. */
function shortened(name: string, room: number): string {
  return name.length <= room ? name : `…${name.slice(1 - room)}`;
}

/** `12.0 MiB/s`, or nothing while there is none. */
export function rateOf(bytes: number, milliseconds: number): string {
  const seconds = Math.max(milliseconds / 1000, 0.1);
  return bytes === 0 ? '' : `${formatBytes(Math.round(bytes / seconds))}/s`;
}

function activeLine({ name, startedAt, size, bytes }: Active, now: number, width: number): string {
  const rate = rateOf(bytes, now - startedAt);
  const amount = size === 0 ? 'checking' : `${formatBytes(bytes)} of ${formatBytes(size)}`;
  const rest = `  ${amount}${rate === '' ? '' : `  ${rate}`}`;
  // Names are long, and how far it is must stay in sight.
  const room = Math.max(width - rest.length - 2, LEAST_NAME);
  return `  ${shortened(printable(name), room)}${rest}`;
}

/** @param head the line about all of it */
export function openLiveImages(
  stream: LiveStream,
  clock: () => number,
  head: (totals: LiveTotals) => string,
): LiveImages {
  const active = new Map<string, Active>();
  const totals: LiveTotals = { found: 0, done: 0, bytes: 0 };
  const lines = startLiveLines(stream, (width) => {
    const now = clock();
    return [head(totals), ...[...active.values()].map((image) => activeLine(image, now, width))];
  });
  return {
    totals,
    started(name) {
      const image: Active = { name, startedAt: clock(), size: 0, bytes: 0 };
      active.set(name, image);
      return {
        ...SILENT_COPY,
        blobStarted: (_digest, size) => {
          image.size += size;
        },
        bytes: (_digest, count) => {
          image.bytes += count;
          totals.bytes += count;
        },
      };
    },
    done(name, line) {
      active.delete(name);
      totals.done++;
      if (line !== undefined) lines.print(line);
    },
    print: (line) => lines.print(line),
    end: () => lines.end(),
  };
}
