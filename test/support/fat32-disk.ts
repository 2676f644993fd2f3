// A FAT32 file system in an image file, mounted by the kernel, or through FUSE where the kernel has no FAT.
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, runOrThrow } from './run-command.ts';
import { createScratchDirectory } from './scratch-directory.ts';

export interface Fat32Disk {
  readonly path: string;
  /** Unmounts it and has fsck look; its answer is empty when nothing is wrong. */
  check(): Promise<string>;
  unmount(): Promise<void>;
}

const MKFS = '/usr/sbin/mkfs.vfat';
const FSCK = '/usr/sbin/fsck.vfat';
const FUSEFAT = '/usr/bin/fusefat';

type Way = 'kernel' | 'fuse';

interface Found {
  /** Undefined when there is none. */
  readonly way: Way | undefined;
  readonly reason: string;
}

function none(reason: string): Found {
  return { way: undefined, reason };
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

async function makeImage(file: string, megabytes: number): Promise<void> {
  await runOrThrow('truncate', ['-s', `${megabytes}M`, file]);
  // Clusters of one sector: FAT32 has at least 65,525 of them.
  await runOrThrow(MKFS, ['-F', '32', '-s', '1', file]);
}

function mount(way: Way, image: string, path: string) {
  return way === 'kernel'
    ? runCommand('mount', ['-o', 'loop', image, path])
    : runCommand(FUSEFAT, ['-o', 'rw+', image, path]);
}

function unmount(way: Way, path: string) {
  return way === 'kernel' ? runCommand('umount', [path]) : runCommand('fusermount', ['-u', path]);
}

async function findWay(): Promise<Found> {
  if (process.getuid?.() !== 0) return none('needs root');
  if (!isThere(MKFS)) return none('needs the Debian package dosfstools');
  const scratch = await createScratchDirectory('fat');
  try {
    const image = join(scratch.path, 'image');
    const path = join(scratch.path, 'mnt');
    await mkdir(path);
    await makeImage(image, 40);
    const refusals: string[] = [];
    for (const way of ['kernel', 'fuse'] as const) {
      if (way === 'fuse' && !isThere(FUSEFAT)) {
        return none(`${refusals.join('; ')}; needs the Debian package fusefat`);
      }
      const { code, output } = await mount(way, image, path);
      if (code === 0) {
        await unmount(way, path);
        return { way, reason: '' };
      }
      refusals.push(output.trim().split('\n')[0] ?? '');
    }
    return none(`no FAT file system can be mounted: ${refusals.join('; ')}`);
  } finally {
    await scratch.remove();
  }
}

let found: Promise<Found> | undefined;

/** Why this machine cannot have one, or undefined. */
export async function whyNoFat32(): Promise<string | undefined> {
  found ??= findWay();
  const { way, reason } = await found;
  return way === undefined ? reason : undefined;
}

export async function mountFat32(megabytes: number): Promise<Fat32Disk> {
  found ??= findWay();
  const { way = 'kernel' } = await found;
  const scratch = await createScratchDirectory('fat');
  const image = join(scratch.path, 'image');
  const path = join(scratch.path, 'mnt');
  await mkdir(path);
  await makeImage(image, megabytes);
  const { code, output } = await mount(way, image, path);
  if (code !== 0) throw new Error(output);
  let isMounted = true;
  const leave = async (): Promise<void> => {
    if (isMounted) await unmount(way, path);
    isMounted = false;
  };
  return {
    path,
    async check() {
      await leave();
      // FUSE may let go a little later.
      await runCommand('sync', []);
      const checked = await runCommand(FSCK, ['-n', image]);
      return checked.code === 0 ? '' : checked.output;
    },
    async unmount() {
      await leave();
      await scratch.remove();
    },
  };
}
