// A small file that is whole or not there, also after a power cut: written under another name, synced,
// given its name, and the directory synced. For keys, passwords and the documents of a bundle; blobs
// have a way of their own (disk-blob-files.ts).
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './durable-directories.ts';

export interface DurableFileOptions {
  /** Of a new file; what the process gives to all its files when it is not said. */
  readonly mode?: number;
  /** On the same file system. Must be another one for each writer where several may write at once. */
  readonly temporary?: string;
  /** Whoever was first wins: a file that is there stays, and no error says so. */
  readonly keepsExisting?: boolean;
  /** How the directory is synced; `trySyncDirectory` where the file system may not be able to. */
  readonly syncDirectory?: (directory: string) => Promise<void>;
}

/** Some file systems (exFAT through FUSE, network shares) cannot sync a directory; others must. */
const CANNOT_SYNC: ReadonlySet<unknown> = new Set([
  'EINVAL',
  'ENOTSUP',
  'EPERM',
  'EISDIR',
  'EBADF',
]);

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** As durable as the file system can make the names in a directory, such as on a stick. */
export async function trySyncDirectory(directory: string): Promise<void> {
  try {
    await syncDirectory(directory);
  } catch (error) {
    if (!CANNOT_SYNC.has(codeOf(error))) throw error;
  }
}

async function writeSynced(path: string, bytes: string | Uint8Array, mode?: number): Promise<void> {
  // What a killed writer has left; a link there would lead the bytes elsewhere.
  await rm(path, { force: true });
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The link is the one way to give a name that nobody else has taken meanwhile. */
async function nameUnlessTaken(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** The directory must exist. */
export async function writeFileDurably(
  path: string,
  bytes: string | Uint8Array,
  options: DurableFileOptions = {},
): Promise<void> {
  const { mode, temporary = `${path}.new`, keepsExisting = false } = options;
  try {
    await writeSynced(temporary, bytes, mode);
    if (keepsExisting) await nameUnlessTaken(temporary, path);
    else await rename(temporary, path);
  } finally {
    // After a rename there is none; after a failure it would hold what may be a secret.
    await rm(temporary, { force: true });
  }
  await (options.syncDirectory ?? syncDirectory)(dirname(path));
}
