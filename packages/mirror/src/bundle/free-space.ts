// Whether what is to be written fits, before its first byte is.
import { isMissing } from '@portolan/storage';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { mirrorError } from '../errors.ts';

/** A file takes whole clusters; 32 KiB is what FAT32 has on all but the largest sticks. */
const CLUSTER_BYTES = 32 * 1024;
/** Index, sums and directories. */
const RESERVE_BYTES = 1024 * 1024;

export function bytesOnDisk(size: number): number {
  return Math.ceil(size / CLUSTER_BYTES) * CLUSTER_BYTES;
}

/** Of the file system that the directory is on, or will be; undefined when it does not say. */
export async function freeBytesFor(directory: string): Promise<number | undefined> {
  try {
    const { blocks, bavail, bsize } = await statfs(directory);
    // Some of FUSE have no blocks at all, by their own account.
    return blocks === 0 ? undefined : bavail * bsize;
  } catch (error) {
    const parent = dirname(resolve(directory));
    if (!isMissing(error) || parent === directory) throw error;
    return freeBytesFor(parent);
  }
}

/** @throws MirrorError `space-short` */
export async function checkSpace(directory: string, neededBytes: number): Promise<void> {
  if (neededBytes === 0) return;
  const freeBytes = await freeBytesFor(directory);
  const needed = neededBytes + RESERVE_BYTES;
  if (freeBytes === undefined || freeBytes >= needed) return;
  throw mirrorError('space-short', 'there is not enough space for the bundle', {
    directory,
    freeBytes,
    neededBytes: needed,
    hint: 'free some space, choose less with a selector, or leave out what the other side has with --base',
  });
}
