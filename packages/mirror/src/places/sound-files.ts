// Which files hold the bytes that their names promise. Each is read and hashed the first time that it is
// asked for, and not again as long as it is the same file: a stick loses bytes without changing a size or
// a date, so that nothing but this run's own reading counts.
import { Digest } from '@portolan/oci';
import { isMissing } from '@portolan/storage';
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hashFile } from './dir-files.ts';

export interface WantedFile {
  /** Its name in the directory of an image. */
  readonly file: string;
  readonly digest: Digest;
  /** Undefined when it is not known. */
  readonly size: number | undefined;
}

export interface SoundFiles {
  /** `absent` when there is no such file; `broken` when it holds something else, or cannot be read. */
  check(path: string, wanted: WantedFile): Promise<'sound' | 'broken' | 'absent'>;
  /** Its bytes were hashed while they were written. */
  trust(path: string, digest: Digest): Promise<void>;
}

interface FoundFile {
  readonly size: number;
  /** Links to one file have the same; a file that is written anew has another. */
  readonly identity: string;
}

async function findFile(path: string): Promise<FoundFile | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) return undefined;
    const { dev, ino, size, mtimeNs } = found;
    return { size: Number(size), identity: `${dev}:${ino}:${size}:${mtimeNs}` };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function hasDigest(path: string, digest: Digest): Promise<boolean> {
  const hash = createHash(Digest.algorithm(digest));
  try {
    await hashFile(hash, path);
  } catch (error) {
    // A bad sector is one more way to be broken.
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EIO') return false;
    throw error;
  }
  return hash.digest('hex') === Digest.hex(digest);
}

export function createSoundFiles(): SoundFiles {
  const known = new Map<string, Promise<boolean>>();
  return {
    async check(path, { digest, size }) {
      const found = await findFile(path);
      if (found === undefined) return 'absent';
      if (size !== undefined && found.size !== size) return 'broken';
      const key = `${digest} ${found.identity}`;
      const verdict = known.get(key) ?? hasDigest(path, digest);
      known.set(key, verdict);
      verdict.catch(() => known.delete(key));
      return (await verdict) ? 'sound' : 'broken';
    },
    async trust(path, digest) {
      const found = await findFile(path);
      if (found !== undefined) known.set(`${digest} ${found.identity}`, Promise.resolve(true));
    },
  };
}
