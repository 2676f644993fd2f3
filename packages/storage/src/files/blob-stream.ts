// A blob on its way out: large reads, as many bytes as were promised or an error, never a short
// stream that looks whole.
import { close, fstatSync, open, read } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { ByteRange } from './byte-range.ts';
import { fileMissing } from './disk-errors.ts';
import { isMissing } from './missing-file.ts';
import { pump } from './pump.ts';
import { noteStreamClosed, noteStreamOpened, takeBuffer } from './read-buffers.ts';

const openFile = promisify(open);

class BlobStream extends Readable {
  readonly #fd: number;
  readonly #end: number;
  #position: number;
  #isReading = false;
  #closeAfterRead: (() => void) | undefined;

  constructor(fd: number, range: ByteRange) {
    // One read ahead of the consumer.
    super({ highWaterMark: 1 });
    noteStreamOpened();
    this.#fd = fd;
    this.#position = range.start;
    this.#end = range.end + 1;
  }

  #remaining(): number {
    return this.#end - this.#position;
  }

  /** An error or an early end of the file destroys the stream instead of calling back. */
  #fill(buffer: Buffer, done: (bytes: Buffer) => void): void {
    const wanted = Math.min(buffer.length, this.#remaining());
    this.#isReading = true;
    read(this.#fd, buffer, 0, wanted, this.#position, (error, bytesRead) => {
      this.#isReading = false;
      if (this.#closeAfterRead !== undefined) this.#closeAfterRead();
      else if (error !== null) this.destroy(error);
      else if (bytesRead === 0) this.destroy(new Error('the blob file ended early'));
      else {
        this.#position += bytesRead;
        done(bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead));
      }
    });
  }

  override _read(): void {
    if (this.#remaining() <= 0) this.push(null);
    // Given away for good: whoever reads may hold it long after the next read.
    else this.#fill(takeBuffer(this.#remaining()), (bytes) => this.push(bytes));
  }

  /** What `stream.pipeline` calls, and with it koa. A pipe knows when its bytes have been written. */
  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    if (options?.end !== false) this.once('end', () => destination.end());
    const source = {
      remaining: () => this.#remaining(),
      isBusy: () => this.#isReading || this.destroyed,
      fill: this.#fill.bind(this),
    };
    // Flowing on at the end of the file is what makes the stream emit `end`.
    pump(source, destination, () => this.resume());
    return destination;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    noteStreamClosed();
    const closeFile = (): void => close(this.#fd, (closeError) => callback(error ?? closeError));
    // A descriptor that is closed under a read could by then be somebody else's file.
    if (this.#isReading) this.#closeAfterRead = closeFile;
    else closeFile();
  }
}

/** @throws StorageError `blob-file-missing`, also when the file has not the size of its row */
export async function openBlobStream(
  path: string,
  size: number,
  range: ByteRange,
): Promise<Readable> {
  const fd = await openFile(path, 'r').catch((error: unknown) => {
    throw isMissing(error) ? fileMissing(path, error) : error;
  });
  if (fstatSync(fd).size === size) return new BlobStream(fd, range);
  close(fd, () => undefined);
  throw fileMissing(path, new Error('the blob file has another size than its row says'));
}
