// Files of a bundle on whatever file system a stick has: small ones are written whole or not at all,
// and links are never followed, since somebody else may have prepared the stick.
import { isMissing, trySyncDirectory, writeFileDurably } from '@portolan/storage';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mirrorError } from '../errors.ts';

/** What the operating system says of a write, in the mirror's words. */
export function asWriteError(error: unknown, directory: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return mirrorError('space-short', 'the disk is full', { directory }, error);
  }
  if (code === 'EFBIG') {
    const hint = 'its file system takes no file of this size: set --max-file-size';
    return mirrorError('space-short', 'a file is too large for the disk', { hint }, error);
  }
  return error;
}

/**
 * What it is in must be there: where a stick was pulled out, its place lies on the system's disk. And some
 * file systems say that the parent is missing when it is not, which a recursive mkdir believes for ever.
 */
export async function ensureDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw error;
  }
  await trySyncDirectory(dirname(directory));
}

export async function writeWhole(
  directory: string,
  name: string,
  bytes: string | Uint8Array,
): Promise<void> {
  const temporary = join(directory, `${name}.tmp`);
  try {
    const options = { temporary, syncDirectory: trySyncDirectory };
    await writeFileDurably(join(directory, name), bytes, options);
  } catch (error) {
    throw asWriteError(error, directory);
  }
}

/** Bytes of the regular file, undefined when there is none of the name, 'other' when it is no file. */
export async function fileSize(path: string): Promise<number | undefined | 'other'> {
  try {
    const found = await lstat(path);
    return found.isFile() ? found.size : 'other';
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** @throws MirrorError `place-incomplete`, `bundle-invalid` for a link or what else is no file */
export async function openRegularFile(directory: string, path: string): Promise<FileHandle> {
  const size = await fileSize(join(directory, path));
  if (size === undefined) {
    throw mirrorError('place-incomplete', `${path} is missing`, { directory, file: path });
  }
  if (size === 'other') {
    throw mirrorError('bundle-invalid', `${path} is not a regular file`, { directory, file: path });
  }
  // The check above is for its words; this is what holds, also of a pipe that came in between.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return open(join(directory, path), flags);
}

/** @throws as openRegularFile, and `bundle-invalid` for a file that is larger than `maxBytes` */
export async function readSmallFile(
  directory: string,
  path: string,
  maxBytes: number,
): Promise<Buffer> {
  const handle = await openRegularFile(directory, path);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) {
      throw mirrorError('bundle-invalid', `${path} is too large`, { file: path, size, maxBytes });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
