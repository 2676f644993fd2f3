// A blob onto the stick. Its bytes are gathered in `unfinished/`, part by part where the blob is above
// the size limit, and get their names when all of them match the digest; what an interrupted run has
// left there is hashed again and gone on with.
import { type Descriptor, Digest } from '@portolan/oci';
import { trySyncDirectory } from '@portolan/storage';
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open as openFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mirrorError } from '../errors.ts';
import type { OpenBlob } from '../places/place.ts';
import { asWriteError, ensureDirectory, fileSize } from './bundle-files.ts';
import { type BlobFile, unfinishedPath } from './layout.ts';
import { readBlob } from './stored-blob.ts';

export interface BlobToWrite {
  readonly directory: string;
  readonly descriptor: Descriptor;
  readonly files: readonly BlobFile[];
}

interface Hashes {
  readonly whole: Hash;
  /** Of each file; empty where the digest of the whole is its sum. */
  readonly parts: readonly Hash[];
}

interface Gathering extends BlobToWrite {
  readonly hashes: Hashes;
  readonly signal: AbortSignal;
}

function startHashes({ descriptor, files }: BlobToWrite): Hashes {
  const algorithm = Digest.algorithm(descriptor.digest);
  const isOneSum = files.length === 1 && algorithm === 'sha256';
  return {
    whole: createHash(algorithm),
    parts: isOneSum ? [] : files.map(() => createHash('sha256')),
  };
}

function update({ whole, parts }: Hashes, index: number, bytes: Uint8Array): void {
  whole.update(bytes);
  parts[index]?.update(bytes);
}

/** Where the bytes of one file are now, if any are there. */
async function findGathered(directory: string, file: BlobFile): Promise<BlobFile | undefined> {
  // A crash between two renames leaves the first parts under their names already.
  const named = await fileSize(join(directory, file.path));
  if (named === file.size) return file;
  if (named !== undefined) await rm(join(directory, file.path), { recursive: true, force: true });
  const path = unfinishedPath(file);
  const size = await fileSize(join(directory, path));
  if (typeof size === 'number' && size <= file.size) return { path, size };
  if (size !== undefined) await rm(join(directory, path), { recursive: true, force: true });
  return undefined;
}

/** Hashes what an earlier run has left, and says how much that is. */
async function resume({ directory, files, hashes, signal }: Gathering): Promise<number> {
  let offset = 0;
  for (const [index, file] of files.entries()) {
    const gathered = await findGathered(directory, file);
    if (gathered === undefined) return offset;
    for await (const chunk of readBlob(directory, [gathered])) {
      signal.throwIfAborted();
      update(hashes, index, chunk);
    }
    offset += gathered.size;
    if (gathered.size < file.size) return offset;
  }
  return offset;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** The file that is being filled; the one before is synced and closed when the next one is. */
function createPartFiles({ directory, files }: BlobToWrite) {
  let current: { readonly index: number; readonly handle: FileHandle } | undefined;
  const leave = async (): Promise<void> => {
    const { handle } = current ?? {};
    current = undefined;
    try {
      await handle?.sync();
    } finally {
      await handle?.close();
    }
  };
  return {
    async at(index: number): Promise<FileHandle> {
      if (current?.index === index) return current.handle;
      await leave();
      const file = files[index] ?? { path: '', size: 0 };
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
      const handle = await openFile(join(directory, unfinishedPath(file)), flags, 0o644);
      current = { index, handle };
      return handle;
    },
    leave,
  };
}

function corrupt({ digest, size }: Descriptor, problem: string): Error {
  return mirrorError('upstream-corrupt', `a blob ${problem}`, { digest, size });
}

async function append(gathering: Gathering, start: number, open: OpenBlob): Promise<number> {
  const { descriptor, files, hashes, signal } = gathering;
  const partSize = Math.max(1, files[0]?.size ?? 1);
  const parts = createPartFiles(gathering);
  let position = start;
  try {
    // Also of an empty blob there is a file.
    if (descriptor.size === 0) await parts.at(0);
    if (start === descriptor.size) return position;
    for await (const chunk of await open(start)) {
      signal.throwIfAborted();
      if (position + chunk.length > descriptor.size) {
        throw corrupt(descriptor, 'is longer than it should be');
      }
      let rest = chunk;
      while (rest.length > 0) {
        const index = Math.floor(position / partSize);
        const within = position - index * partSize;
        const piece = rest.subarray(0, partSize - within);
        await writeAll(await parts.at(index), piece, within);
        update(hashes, index, piece);
        position += piece.length;
        rest = rest.subarray(piece.length);
      }
    }
    return position;
  } finally {
    await parts.leave();
  }
}

async function removeAll({ directory, files }: BlobToWrite): Promise<void> {
  for (const file of files) {
    await rm(join(directory, unfinishedPath(file)), { force: true });
    await rm(join(directory, file.path), { force: true });
  }
}

async function nameFiles({ directory, files }: BlobToWrite): Promise<void> {
  const target = dirname(join(directory, files[0]?.path ?? ''));
  await ensureDirectory(dirname(target));
  await ensureDirectory(target);
  for (const file of files) {
    if ((await fileSize(join(directory, file.path))) === file.size) continue;
    await rename(join(directory, unfinishedPath(file)), join(directory, file.path));
  }
  await trySyncDirectory(target);
}

async function gather(gathering: Gathering, open: OpenBlob): Promise<void> {
  const { descriptor, hashes } = gathering;
  const offset = await resume(gathering);
  const end = await append(gathering, offset, open);
  if (end < descriptor.size) {
    const { digest, size } = descriptor;
    throw mirrorError('upstream-unavailable', 'a blob ended early', { digest, size, came: end });
  }
  const actual = hashes.whole.copy().digest('hex');
  if (actual !== Digest.hex(descriptor.digest)) {
    throw corrupt(descriptor, 'does not match its digest');
  }
}

/**
 * Returns the SHA-256 of each file by its path.
 * @throws MirrorError `upstream-corrupt` (nothing is kept), `upstream-unavailable`, `space-short`
 */
export async function writeBlob(
  blob: BlobToWrite,
  open: OpenBlob,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  signal.throwIfAborted();
  const hashes = startHashes(blob);
  try {
    await gather({ ...blob, hashes, signal }, open);
    await nameFiles(blob);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'upstream-corrupt') {
      await removeAll(blob);
    }
    throw asWriteError(error, blob.directory);
  }
  const whole = hashes.whole.digest('hex');
  const parts = hashes.parts.map((part) => part.digest('hex'));
  return new Map(blob.files.map(({ path }, index) => [path, parts[index] ?? whole]));
}
