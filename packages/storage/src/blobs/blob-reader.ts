// From a blob's row to its bytes.
import type { Readable } from 'node:stream';
import type { Reader } from '../database/transaction.ts';
import { isStorageError } from '../errors.ts';
import type { BlobFiles } from '../files/blob-files.ts';
import type { ByteRange } from '../files/byte-range.ts';
import type { StoredBlob } from './stored-blob.ts';
import { createSmallBodies } from './small-bodies.ts';

// Up to this size one synchronous read is quicker than the thread pool.
const SMALL_BYTES = 64 * 1024;

export interface BlobReader {
  read(blob: StoredBlob, range?: ByteRange): Promise<Buffer | Readable>;
}

export function createBlobReader(deps: {
  readonly reader: Reader;
  readonly files: BlobFiles;
}): BlobReader {
  const smallBodies = createSmallBodies();

  function readSmall({ file, size }: StoredBlob): Buffer {
    const known = smallBodies.find(file);
    if (known !== undefined) return known;
    const body = deps.files.readWhole(file, size);
    smallBodies.add(file, body);
    return body;
  }

  function open(blob: StoredBlob, range: ByteRange): Promise<Buffer | Readable> | Buffer {
    if (blob.size > SMALL_BYTES) return deps.files.openStream(blob.file, blob.size, range);
    const body = readSmall(blob);
    return range.end + 1 - range.start === body.length
      ? body
      : body.subarray(range.start, range.end + 1);
  }

  /** The file that the row names now, if it is another one: collected and uploaded again since. */
  async function movedTo(blob: StoredBlob): Promise<StoredBlob | undefined> {
    const row = await deps.reader
      .selectFrom('blob')
      .select('file')
      .where('digest', '=', blob.digest)
      .executeTakeFirst();
    return row === undefined || row.file === blob.file ? undefined : { ...blob, file: row.file };
  }

  return {
    async read(blob, range = { start: 0, end: blob.size - 1 }) {
      try {
        return await open(blob, range);
      } catch (error) {
        if (!isStorageError(error, 'blob-file-missing')) throw error;
        const moved = await movedTo(blob);
        if (moved === undefined) throw error;
        return open(moved, range);
      }
    },
  };
}
