// An upload's file while one writer has it. Chunks that come in while a write is under way are
// gathered into the next one, so that the network, the hash and the disk work at the same time.
import { constants, fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { UploadFile } from './blob-files.ts';
import { asDiskError } from './disk-errors.ts';

// What one upload may hold in memory on its way to the disk, twice at most.
const MAX_GATHERED_BYTES = 256 * 1024;
const READ_BYTES = 1024 * 1024;

/** Node, like the kernel, may write less than it was given. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const part = await handle.write(bytes, done, bytes.length - done, position + done);
    done += part.bytesWritten;
  }
}

async function* readFrom(handle: FileHandle, length: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, Math.max(length, 1)));
  for (let position = 0; position < length; ) {
    const wanted = Math.min(buffer.length, length - position);
    const { bytesRead } = await handle.read(buffer, 0, wanted, position);
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

export async function openUploadFile(path: string, hooks: UploadFileHooks): Promise<UploadFile> {
  try {
    // Not truncated: an earlier request's bytes may be in it.
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    return createUploadFile(handle, fstatSync(handle.fd).size, hooks);
  } catch (error) {
    throw asDiskError(error);
  }
}

function createUploadFile(handle: FileHandle, size: number, hooks: UploadFileHooks): UploadFile {
  let received = size;
  /** Bytes written. */
  let end = size;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  let writing: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;

  async function drain(): Promise<void> {
    try {
      while (gatheredBytes > 0) {
        const bytes = gathered.length === 1 ? gathered[0] : Buffer.concat(gathered);
        gathered = [];
        gatheredBytes = 0;
        if (bytes === undefined) continue;
        await writeAll(handle, bytes, end);
        end += bytes.length;
      }
    } catch (error) {
      failure = { error: asDiskError(error) };
    } finally {
      writing = undefined;
    }
  }

  async function settle(): Promise<void> {
    await writing;
    if (failure !== undefined) throw failure.error;
  }

  return {
    get size() {
      return received;
    },
    async append(bytes) {
      if (failure !== undefined) throw failure.error;
      if (bytes.length === 0) return;
      gathered.push(bytes);
      gatheredBytes += bytes.length;
      received += bytes.length;
      writing ??= drain();
      if (gatheredBytes >= MAX_GATHERED_BYTES) await settle();
    },
    flush: settle,
    async *read(length) {
      await settle();
      yield* readFrom(handle, length);
    },
    async truncate(wanted) {
      await settle();
      await handle.truncate(wanted);
      end = wanted;
      received = wanted;
    },
    async sync() {
      await settle();
      try {
        await handle.datasync();
      } catch (error) {
        hooks.onSyncFailure(error);
        throw error;
      }
    },
    async close() {
      await writing;
      await handle.close();
    },
  };
}
