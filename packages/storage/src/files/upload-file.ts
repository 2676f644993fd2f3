// An upload's file while one writer has it. The first bytes are written at once: into the page cache
// that is quicker than a turn through the thread pool. A large upload may find the disk behind, so
// from some size on it is written by a gathering writer.
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  read,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { UploadFile } from './blob-files.ts';
import { asDiskError } from './disk-errors.ts';
import { createGatheringWriter, type GatheringWriter } from './gathering-writer.ts';

const WRITTEN_AT_ONCE_BYTES = 4 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

const readFile = promisify(read);
const syncFile = promisify(fdatasync);

/** Node, like the kernel, may write less than it was given. */
function writeAllNow(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}

async function* readFrom(fd: number, length: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, length));
  for (let position = 0; position < length; ) {
    const wanted = Math.min(buffer.length, length - position);
    const { bytesRead } = await readFile(fd, buffer, 0, wanted, position);
    if (bytesRead === 0) throw new Error('the upload file is shorter than it was');
    // The buffer is filled anew only when the consumer asks for more.
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

export interface UploadFileHooks {
  /** Told of a failed sync: what the disk holds is unknown from then on. */
  onSyncFailure(error: unknown): void;
}

export function openUploadFile(path: string, hooks: UploadFileHooks): UploadFile {
  try {
    // Not truncated: an earlier request's bytes may be in it.
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    return createUploadFile(fd, fstatSync(fd).size, hooks);
  } catch (error) {
    throw asDiskError(error);
  }
}

function createUploadFile(fd: number, sizeNow: number, hooks: UploadFileHooks): UploadFile {
  let size = sizeNow;
  let behind: GatheringWriter | undefined;

  async function flush(): Promise<void> {
    try {
      await behind?.flush();
    } catch (error) {
      throw asDiskError(error);
    }
  }

  return {
    get size() {
      return size;
    },
    async append(bytes) {
      const start = size;
      size += bytes.length;
      try {
        if (size <= WRITTEN_AT_ONCE_BYTES && behind === undefined) writeAllNow(fd, bytes, start);
        else {
          behind ??= createGatheringWriter(fd, start, (error) => hooks.onSyncFailure(error));
          await behind.append(bytes);
        }
      } catch (error) {
        throw asDiskError(error);
      }
    },
    flush,
    async *read(length) {
      await flush();
      yield* readFrom(fd, length);
    },
    async truncate(wanted) {
      await flush();
      await behind?.settled();
      ftruncateSync(fd, wanted);
      size = wanted;
      behind = undefined;
    },
    async sync() {
      await flush();
      await behind?.settled();
      await flush();
      try {
        await syncFile(fd);
      } catch (error) {
        hooks.onSyncFailure(error);
        throw error;
      }
    },
    async close() {
      await behind?.settled();
      closeSync(fd);
    },
  };
}
