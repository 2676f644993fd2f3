// Writes to a file behind its caller: chunks are gathered while a write is under way, so that network,
// hash and disk work at the same time. What has been written is also pushed on to the disk now and then,
// or the sync at the end of a large upload would find all of it still in memory.
import { fdatasync, writev } from 'node:fs';
import { promisify } from 'node:util';

// What one upload may hold in memory on its way to the disk, twice at most.
const MAX_GATHERED_BYTES = 256 * 1024;
const SYNC_EVERY_BYTES = 32 * 1024 * 1024;

const writeFile = promisify(writev);
const syncFile = promisify(fdatasync);

export interface GatheringWriter {
  append(bytes: Uint8Array): Promise<void>;
  /** Resolves when all is written; nothing is promised about the disk. */
  flush(): Promise<void>;
  /** Resolves when the file descriptor is no longer in use. Never rejects. */
  settled(): Promise<void>;
}

/** Node, like the kernel, may write less than it was given. */
async function writeAll(
  fd: number,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const { bytesWritten } = await writeFile(fd, chunks, position);
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (bytesWritten < bytes) {
    const rest = Buffer.concat(chunks).subarray(bytesWritten);
    await writeAll(fd, [rest], position + bytesWritten);
  }
}

/** @param onSyncFailure told of a failed sync: what the disk holds is unknown from then on */
export function createGatheringWriter(
  fd: number,
  start: number,
  onSyncFailure: (error: unknown) => void,
): GatheringWriter {
  let position = start;
  let syncedFrom = start;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  let writing: Promise<void> | undefined;
  let syncing: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;

  async function sync(): Promise<void> {
    try {
      await syncFile(fd);
    } catch (error) {
      onSyncFailure(error);
      failure = { error };
    } finally {
      syncing = undefined;
    }
  }

  async function drain(): Promise<void> {
    try {
      while (gatheredBytes > 0) {
        const chunks = gathered;
        const bytes = gatheredBytes;
        gathered = [];
        gatheredBytes = 0;
        await writeAll(fd, chunks, position);
        position += bytes;
        if (position - syncedFrom >= SYNC_EVERY_BYTES && syncing === undefined) {
          syncedFrom = position;
          syncing = sync();
        }
      }
    } catch (error) {
      failure = { error };
    } finally {
      writing = undefined;
    }
  }

  async function flush(): Promise<void> {
    await writing;
    if (failure !== undefined) throw failure.error;
  }

  async function append(bytes: Uint8Array): Promise<void> {
    if (failure !== undefined) throw failure.error;
    gathered.push(bytes);
    gatheredBytes += bytes.length;
    writing ??= drain();
    if (gatheredBytes >= MAX_GATHERED_BYTES) await flush();
  }

  return {
    append,
    flush,
    async settled() {
      await writing;
      await syncing;
    },
  };
}
