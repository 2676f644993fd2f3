// BlobFiles on a local file system. The order on the way in: bytes, fdatasync, rename, fsync of every
// directory that is new or has a new name in it; only then may a row name the file (reference §4.2).
import { Digest } from '@portolan/oci';
import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statfsSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { opendir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { RandomId } from '../clock.ts';
import { storageError } from '../errors.ts';
import type { BlobFiles, FileOnDisk } from './blob-files.ts';
import { openBlobStream } from './blob-stream.ts';
import { asDiskError, fileMissing } from './disk-errors.ts';
import { createDurableDirectories } from './durable-directories.ts';
import { blobFileName, type DataLayout } from './layout.ts';
import { isMissing } from './missing-file.ts';
import { openUploadFile } from './upload-file.ts';

export interface DiskBlobFilesDeps {
  readonly layout: DataLayout;
  readonly randomId: RandomId;
}

function readWhole(path: string, size: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(size);
    let done = 0;
    while (done < size) {
      const bytesRead = readSync(fd, buffer, done, size - done, done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    if (done === size && fstatSync(fd).size === size) return buffer;
    throw fileMissing(path, new Error('the blob file has another size than its row says'));
  } finally {
    closeSync(fd);
  }
}

async function* walkArea(root: string, area: FileOnDisk['area']): AsyncGenerator<FileOnDisk> {
  for await (const entry of await opendir(root, { recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    try {
      const { size, mtimeMs } = await stat(path);
      yield { area, file: relative(root, path), size, modifiedAt: mtimeMs };
    } catch (error) {
      // Adopted or removed since it was listed.
      if (!isMissing(error)) throw error;
    }
  }
}

/** The directories of the layout must exist. */
export function createDiskBlobFiles({ layout, randomId }: DiskBlobFilesDeps): BlobFiles {
  const directories = createDurableDirectories(layout.blobs);
  let syncFailure: { error: unknown } | undefined;

  function checkHealth(): void {
    if (syncFailure === undefined) return;
    const hint = 'look at the disk, then restart';
    const { error } = syncFailure;
    throw storageError('store-read-only', 'the disk failed to sync', { hint }, error);
  }

  // After a failed fsync the kernel may have dropped the pages and call the next one a success.
  function onSyncFailure(error: unknown): void {
    syncFailure ??= { error };
  }

  async function adopt(upload: string, digest: Digest): Promise<string> {
    checkHealth();
    const file = blobFileName(digest, randomId());
    const path = join(layout.blobs, file);
    try {
      await directories.ensure(dirname(path));
      // A session may have been idle for long: to the sweep of files without a row it is new.
      const now = new Date();
      utimesSync(join(layout.uploads, upload), now, now);
      renameSync(join(layout.uploads, upload), path);
    } catch (error) {
      throw asDiskError(error);
    }
    try {
      await directories.sync(dirname(path));
    } catch (error) {
      onSyncFailure(error);
      await rm(path, { force: true });
      throw error;
    }
    return file;
  }

  return {
    async openUpload(upload) {
      checkHealth();
      return openUploadFile(join(layout.uploads, upload), { onSyncFailure });
    },
    adopt,
    sizeOf: (file) => statSync(join(layout.blobs, file), { throwIfNoEntry: false })?.size,
    readWhole(file, size) {
      try {
        return readWhole(join(layout.blobs, file), size);
      } catch (error) {
        throw isMissing(error) ? fileMissing(file, error) : error;
      }
    },
    openStream: (file, size, range) => openBlobStream(join(layout.blobs, file), size, range),
    remove: (area, file) => rm(join(layout[area], file), { force: true }),
    async *walk() {
      yield* walkArea(layout.blobs, 'blobs');
      yield* walkArea(layout.uploads, 'uploads');
    },
    freeBytes() {
      checkHealth();
      const { bavail, bsize } = statfsSync(layout.directory);
      return bavail * bsize;
    },
  };
}
