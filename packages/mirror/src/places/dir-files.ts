// Files of a `dir:` tree, so that a power cut or a pulled stick leaves either all of a file or none.
import { type Descriptor, Digest, DomainError, parseManifest } from '@portolan/oci';
import { isMissing, trySyncDirectory, writeFileDurably } from '@portolan/storage';
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { mirrorError } from '../errors.ts';
import type { FetchedManifest } from './place.ts';

/** As the registry has it; more is no manifest. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const READ = 1024 * 1024;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Undefined when there is no such file. */
export async function fileSize(file: string): Promise<number | undefined> {
  try {
    const status = await stat(file);
    return status.isFile() ? status.size : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A link or a pipe under a name of ours goes: it would lead our bytes elsewhere, or take none. */
export async function removeSpecial(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  await rm(path);
}

/** @throws MirrorError `request-invalid` when what is written below `directory` would be elsewhere */
export async function refuseLinks(root: string, directory: string): Promise<void> {
  let path = root;
  for (const part of relative(root, directory).split(sep)) {
    path = join(path, part);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isSymbolicLink() !== true) continue;
    const hint = 'nothing is written through links; remove it';
    throw mirrorError('request-invalid', `${path} is a link`, { hint });
  }
}

/** FAT and NTFS refuse the colon that stands in every name of an image. */
export async function makeImageDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    if (codeOf(cause) !== 'EINVAL') throw cause;
    const hint = 'this file system takes no ":" in names; use `portolan bundle export` instead';
    throw mirrorError('request-invalid', `cannot make ${directory}`, { hint }, cause);
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function writeWhole(file: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${file}.part`;
  await writeFileDurably(file, bytes, { temporary, syncDirectory: trySyncDirectory });
}

const NO_LINKS: ReadonlySet<string> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EXDEV',
  'EMLINK',
]);

/** The same bytes under a second name, shared where the file system can. */
export async function shareFile(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  try {
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
    const partial = `${to}.part`;
    await rm(partial, { force: true });
    await copyFile(from, partial, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await syncFile(partial);
    await rename(partial, to);
  }
}

/** Feeds what a file holds into a hash; returns its size. */
export async function hashFile(hash: Hash, file: string): Promise<number> {
  const handle = await open(file, 'r');
  let size = 0;
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: READ })) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
  } finally {
    await handle.close();
  }
  return size;
}

function corrupt(file: string, message: string, facts: Record<string, unknown> = {}): never {
  const hint = 'remove the file and copy the image again';
  throw mirrorError('upstream-corrupt', message, { file, ...facts, hint });
}

/** A manifest from a file, undefined when there is none. @throws MirrorError `upstream-corrupt` */
export async function readManifestFile(
  file: string,
  expected: Digest | undefined,
): Promise<FetchedManifest | undefined> {
  const size = await fileSize(file);
  if (size === undefined) return undefined;
  if (size > MAX_MANIFEST_BYTES) return corrupt(file, 'file is too large for a manifest', { size });
  const body = await readFile(file);
  const algorithm = expected === undefined ? 'sha256' : Digest.algorithm(expected);
  const digest = Digest.of(algorithm, createHash(algorithm).update(body).digest('hex'));
  if (expected !== undefined && digest !== expected) {
    return corrupt(file, 'file does not match its digest', { expected, actual: digest });
  }
  try {
    return { digest, mediaType: parseManifest(body, undefined).mediaType, body };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return corrupt(file, `file holds no manifest: ${error.message}`);
  }
}

/**
 * A blob's bytes from `start` on, all of the file compared with the digest before the last of them is
 * given: who has them all asks for no more, and would report the blob without its file.
 * @throws MirrorError `upstream-corrupt`
 */
export async function* readBlobFile(
  file: string,
  { digest, size }: Descriptor,
  start: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const actual = await fileSize(file);
  if (actual !== size) corrupt(file, 'file has another size', { expected: size, actual });
  const hash = createHash(Digest.algorithm(digest));
  const handle = await open(file, 'r');
  try {
    let at = 0;
    // No signal for the stream: it would end with an error of its own kind, and late.
    for await (const read of handle.createReadStream({ autoClose: false, highWaterMark: READ })) {
      signal.throwIfAborted();
      const chunk = read as Buffer;
      hash.update(chunk);
      const skipped = Math.min(chunk.length, Math.max(0, start - at));
      at += chunk.length;
      if (at >= size && hash.digest('hex') !== Digest.hex(digest)) {
        corrupt(file, 'file does not match its digest', { expected: digest });
      }
      if (skipped < chunk.length) yield chunk.subarray(skipped);
    }
  } finally {
    await handle.close();
  }
}
