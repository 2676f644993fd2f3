// A blob on its way out: large reads, as many bytes as were promised or an error, never a short
// stream that looks whole.
import { close, fstatSync, open, read } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { ByteRange } from '../blobs/blob-store.ts';
import { fileMissing, isMissing } from './disk-errors.ts';

const openFile = promisify(open);

// 512 KiB reads give twice the throughput of 64 KiB ones, and larger ones no more. A stalled client
// holds two of them, so with many clients each gets less.
const MAX_READ_BYTES = 512 * 1024;
const MIN_READ_BYTES = 64 * 1024;
const ALL_STREAMS_BYTES = 32 * 1024 * 1024;

let openStreams = 0;

function readBytes(): number {
  const share = Math.floor(ALL_STREAMS_BYTES / Math.max(openStreams, 1));
  return Math.min(MAX_READ_BYTES, Math.max(MIN_READ_BYTES, share));
}

class BlobStream extends Readable {
  readonly #fd: number;
  readonly #end: number;
  #position: number;

  constructor(fd: number, range: ByteRange) {
    // One read ahead of the consumer.
    super({ highWaterMark: 1 });
    openStreams++;
    this.#fd = fd;
    this.#position = range.start;
    this.#end = range.end + 1;
  }

  override _read(): void {
    const wanted = Math.min(readBytes(), this.#end - this.#position);
    if (wanted <= 0) {
      this.push(null);
      return;
    }
    // Never reused: the socket may hold it long after the next read.
    const buffer = Buffer.allocUnsafeSlow(wanted);
    read(this.#fd, buffer, 0, wanted, this.#position, (error, bytesRead) => {
      if (error !== null) this.destroy(error);
      else if (bytesRead === 0) this.destroy(new Error('the blob file ended early'));
      else {
        this.#position += bytesRead;
        this.push(bytesRead === wanted ? buffer : buffer.subarray(0, bytesRead));
      }
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    openStreams--;
    close(this.#fd, (closeError) => callback(error ?? closeError));
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
