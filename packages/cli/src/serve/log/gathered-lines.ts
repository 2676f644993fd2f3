// A log's lines on their way to a descriptor: gathered for up to half a second, since a write for each
// request is dear, and dropped when they cannot be written. Pino's own destination tries for ever then,
// and a server without a reader of its log would neither end nor give back the memory.
import { write, writeSync } from 'node:fs';
import { printableJson } from '../../terminal/printable.ts';

export interface GatheredLines {
  /** For pino. */
  write(json: string): void;
  /** Writes out what is still in memory, at once; for the end of the process. */
  flush(): void;
}

const FLUSH_MS = 500;
const FLUSH_BYTES = 4096;
/** A reader that is so far behind loses lines. */
const MAX_BYTES = 4 * 1024 * 1024;
/** The reader of a pipe is behind: how long to wait for it, and how often at the end. */
const BUSY_MS = 50;
const MAX_BUSY_AT_END = 20;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
}

function writeAllNow(fd: number, bytes: Buffer): void {
  let busy = 0;
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (!isBusy(error) || ++busy > MAX_BUSY_AT_END) return;
      pause();
    }
  }
}

export function createGatheredLines(fd: number): GatheredLines {
  let lines: string[] = [];
  let length = 0;
  let underWay: Buffer = Buffer.alloc(0);
  let isWriting = false;

  function take(): Buffer {
    const bytes = Buffer.from(lines.join(''));
    lines = [];
    length = 0;
    return bytes;
  }

  function writeRest(): void {
    if (underWay.length === 0) return;
    isWriting = true;
    write(fd, underWay, (error, written) => {
      isWriting = false;
      if (isBusy(error)) {
        setTimeout(writeRest, BUSY_MS).unref();
        return;
      }
      underWay = error === null ? underWay.subarray(written) : Buffer.alloc(0);
      writeRest();
    });
  }

  function start(): void {
    if (underWay.length > 0 || length === 0) return;
    underWay = take();
    writeRest();
  }

  setInterval(start, FLUSH_MS).unref();
  return {
    write(json) {
      // Whoever looks at the file sees what others have sent, such as an upstream's words.
      const line = printableJson(json);
      if (length + line.length > MAX_BYTES) return;
      lines.push(line);
      length += line.length;
      if (length >= FLUSH_BYTES) start();
    },
    flush() {
      // What the thread pool writes at this moment, the end of the process waits for.
      const rest = isWriting ? take() : Buffer.concat([underWay, take()]);
      if (!isWriting) underWay = Buffer.alloc(0);
      writeAllNow(fd, rest);
    },
  };
}
