// Reading a blob of a bundle: its files, joined. Nothing is compared here; see `hashBlob`.
import { Digest } from '@portolan/oci';
import { createHash } from 'node:crypto';
import { mirrorError } from '../errors.ts';
import { openRegularFile } from './bundle-files.ts';
import type { BlobFile } from './layout.ts';

const CHUNK_BYTES = 1024 * 1024;

async function* readFile(
  directory: string,
  { path, size }: BlobFile,
  start: number,
): AsyncGenerator<Uint8Array> {
  const handle = await openRegularFile(directory, path);
  try {
    const found = (await handle.stat()).size;
    if (found !== size) {
      throw mirrorError('place-incomplete', `${path} has another size than it should`, {
        directory,
        file: path,
        size: found,
        expected: size,
      });
    }
    const end = size - 1;
    if (start > end) return;
    yield* handle.createReadStream({ start, end, autoClose: false, highWaterMark: CHUNK_BYTES });
  } finally {
    await handle.close();
  }
}

/** The bytes from `start` on. @throws MirrorError `place-incomplete`, `bundle-invalid` */
export async function* readBlob(
  directory: string,
  files: readonly BlobFile[],
  start = 0,
): AsyncGenerator<Uint8Array> {
  let skip = start;
  for (const file of files) {
    if (skip < file.size || file.size === 0) yield* readFile(directory, file, skip);
    skip = Math.max(0, skip - file.size);
  }
}

export interface HashedBlob {
  readonly digest: Digest;
  /** SHA-256 of each file, by its path. */
  readonly sums: ReadonlyMap<string, string>;
}

export interface HashOptions {
  readonly signal: AbortSignal;
  readonly onBytes?: (count: number) => void;
}

/** Reads everything once, for the digest of the whole and the sum of each file. */
export async function hashBlob(
  directory: string,
  blob: { readonly digest: Digest; readonly files: readonly BlobFile[] },
  { signal, onBytes }: HashOptions,
): Promise<HashedBlob> {
  const algorithm = Digest.algorithm(blob.digest);
  const whole = createHash(algorithm);
  const sums = new Map<string, string>();
  // A file that is the whole of a SHA-256 blob has the sum that is the digest.
  const isOneSum = blob.files.length === 1 && algorithm === 'sha256';
  for (const file of blob.files) {
    const part = createHash('sha256');
    for await (const chunk of readFile(directory, file, 0)) {
      signal.throwIfAborted();
      whole.update(chunk);
      if (!isOneSum) part.update(chunk);
      onBytes?.(chunk.length);
    }
    if (!isOneSum) sums.set(file.path, part.digest('hex'));
  }
  const hex = whole.digest('hex');
  if (isOneSum) for (const { path } of blob.files) sums.set(path, hex);
  return { digest: Digest.of(algorithm, hex), sums };
}
