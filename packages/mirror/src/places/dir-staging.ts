// Where the bytes for a `dir:` tree come in: `<root>/.portolan-partial/<hex>.part` until they are all
// there, `<hex>` until an image has taken them. What an interrupted run leaves is gone on with. One
// run at a time: two would write into the same partial file.
import { type Descriptor, Digest } from '@portolan/oci';
import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mirrorError } from '../errors.ts';
import { fileSize, hashFile, refuseLinks, removeSpecial } from './dir-files.ts';
import { blobFile, listDirectory, STAGING_DIRECTORY } from './dir-layout.ts';
import type { OpenBlob } from './place.ts';

export interface DirStaging {
  readonly directory: string;
  /** Takes a blob's bytes; resolves with the file. @throws MirrorError `upstream-corrupt` */
  take(descriptor: Descriptor, openBlob: OpenBlob, signal: AbortSignal): Promise<string>;
  /** Makes the directory and takes its lock. */
  open(): Promise<void>;
  /** Removes the directory unless partial files are left. */
  close(): Promise<void>;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The lock of a process that is gone, or of another machine's, is taken over. */
async function takeLock(file: string, owner: { pid: number; host: string }): Promise<void> {
  const text = `${owner.pid} ${owner.host}\n`;
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const [pid = '', host] = (await readFile(file, 'utf8')).trim().split(' ');
    if (host === owner.host && Number(pid) !== owner.pid && isRunning(Number(pid))) {
      const hint = 'wait for it, or choose another directory';
      throw mirrorError('request-invalid', 'another sync writes to this directory', {
        pid,
        file,
        hint,
      });
    }
    await writeFile(file, text);
  }
}

async function append(
  partial: string,
  stream: AsyncIterable<Uint8Array>,
  { hash, signal, room }: { hash: Hash; signal: AbortSignal; room: number },
): Promise<number> {
  const handle = await open(partial, 'a');
  let written = 0;
  try {
    for await (const chunk of stream) {
      signal.throwIfAborted();
      written += chunk.length;
      // One byte too many is enough to know.
      if (written > room) break;
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return written;
}

async function receive(
  partial: string,
  { digest, size }: Descriptor,
  openBlob: OpenBlob,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await removeSpecial(partial);
  const hash = createHash(Digest.algorithm(digest));
  const left = (await fileSize(partial)) ?? 0;
  // A whole one is read once more, too: the power may have gone before it was renamed.
  if (left > size) await rm(partial);
  const start = left === 0 || left > size ? 0 : await hashFile(hash, partial);
  const room = size - start;
  const isWhole = room === 0 && start > 0;
  const written = isWhole
    ? 0
    : await append(partial, await openBlob(start), { hash, signal, room });
  if (written < room) {
    throw mirrorError('upstream-unavailable', 'blob ended early', { digest, size });
  }
  if (written > room || hash.digest('hex') !== Digest.hex(digest)) {
    await rm(partial, { force: true });
    throw mirrorError('upstream-corrupt', 'blob does not match its digest or size', { digest });
  }
}

export interface StagingOwner {
  readonly pid: number;
  readonly host: string;
}

export function createDirStaging(root: string, owner: StagingOwner): DirStaging {
  const directory = join(root, STAGING_DIRECTORY);
  const lock = join(directory, 'lock');
  /** By file: two images may want one blob at the same time. */
  const running = new Map<string, Promise<string>>();
  let opened: Promise<void> | undefined;

  async function openOnce(): Promise<void> {
    await refuseLinks(root, directory);
    await mkdir(directory, { recursive: true });
    await removeSpecial(lock);
    await takeLock(lock, owner);
  }

  async function takeOne(descriptor: Descriptor, openBlob: OpenBlob, signal: AbortSignal) {
    const file = join(directory, blobFile(descriptor.digest));
    await receive(`${file}.part`, descriptor, openBlob, signal);
    await rename(`${file}.part`, file);
    return file;
  }

  const staging: DirStaging = {
    directory,
    open: () => (opened ??= openOnce()),
    async take(descriptor, openBlob, signal) {
      await staging.open();
      const file = blobFile(descriptor.digest);
      const other = running.get(file);
      if (other !== undefined) return other;
      const own = takeOne(descriptor, openBlob, signal).finally(() => running.delete(file));
      running.set(file, own);
      return own;
    },
    async close() {
      if (opened === undefined) return;
      await rm(lock, { force: true });
      if ((await listDirectory(directory)).length === 0) await rmdir(directory);
    },
  };
  return staging;
}
