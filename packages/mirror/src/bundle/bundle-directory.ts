// The directory of an export, at its beginning and at its end. SHA256SUMS goes first and comes last: a
// directory with it holds one whole bundle and nothing of another one.
import { isMissing, isVacant, trySyncDirectory } from '@portolan/storage';
import { constants, type Stats } from 'node:fs';
import { access, lstat, readdir, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { mirrorError } from '../errors.ts';
import { type BundleDocument, toJson } from './bundle-document.ts';
import { ensureDirectory, fileSize, writeWhole } from './bundle-files.ts';
import { formatIndex } from './index-document.ts';
import {
  BLOBS_DIRECTORY,
  DOCUMENT_FILE,
  INDEX_FILE,
  OCI_LAYOUT,
  OCI_LAYOUT_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
  UNFINISHED_DIRECTORY,
} from './layout.ts';
import { signSums } from './signature.ts';
import { formatSums } from './sums.ts';

async function kindOf(path: string): Promise<'directory' | 'other' | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'directory' : 'other';
}

/** @throws MirrorError `bundle-invalid` for a link or a file where a bundle has a directory */
export async function checkDirectories(directory: string): Promise<void> {
  const inside = ['', '/sha256', '/sha512'].map((part) => `${BLOBS_DIRECTORY}${part}`);
  for (const path of [...inside, UNFINISHED_DIRECTORY]) {
    if ((await kindOf(join(directory, path))) !== 'other') continue;
    throw mirrorError('bundle-invalid', `${path} is not a directory`, { directory, file: path });
  }
}

/** An image layout of somebody else's would lose the blobs that the bundle does not have. */
async function refuseForeignLayout(directory: string): Promise<void> {
  const isOurs =
    (await fileSize(join(directory, DOCUMENT_FILE))) !== undefined ||
    (await kindOf(join(directory, UNFINISHED_DIRECTORY))) !== undefined;
  if (isOurs) return;
  for (const name of [OCI_LAYOUT_FILE, INDEX_FILE, BLOBS_DIRECTORY]) {
    if ((await kindOf(join(directory, name))) === undefined) continue;
    throw mirrorError('request-invalid', 'the directory holds something that is no bundle', {
      directory,
      found: name,
      hint: 'choose an empty directory',
    });
  }
}

/** What may not be looked at is another failure than what is not there. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** @throws what the operating system says of one that may not be looked at */
export async function isDirectory(path: string): Promise<boolean> {
  return (await statIfThere(path))?.isDirectory() === true;
}

/**
 * The directory may be new, and not what it is in: below the place of a stick that is not mounted the
 * system's disk would be filled. Returns the one of the two that is there.
 */
async function requireParent(directory: string): Promise<string> {
  if (await isDirectory(directory)) return directory;
  if ((await statIfThere(directory)) !== undefined) {
    throw mirrorError('request-invalid', 'a bundle is a directory, and this is none', {
      directory,
    });
  }
  const parent = dirname(directory);
  if (await isDirectory(parent)) return parent;
  throw mirrorError('request-invalid', `there is no directory ${parent}`, {
    hint: 'mount the stick or make the directory first',
  });
}

async function requireWritable(directory: string): Promise<void> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EROFS') throw error;
    const hint = 'take the write protection off the stick, or choose another directory';
    throw mirrorError('request-invalid', 'the stick is read-only', { directory, hint }, error);
  }
}

/**
 * Whether an export may go there; changes nothing.
 * @throws MirrorError `request-invalid`, `bundle-invalid`
 */
export async function checkBundleDirectory(directory: string): Promise<void> {
  const there = await requireParent(directory);
  await refuseForeignLayout(directory);
  await checkDirectories(directory);
  await requireWritable(there);
}

async function makeDirectories(directory: string): Promise<void> {
  try {
    await ensureDirectory(directory);
    await ensureDirectory(join(directory, UNFINISHED_DIRECTORY));
  } catch (error) {
    if (!isVacant(error)) throw error;
    const detail = { directory, hint: 'choose another place: this one takes no directories' };
    throw mirrorError('request-invalid', 'no directory can be made there', detail, error);
  }
}

/** From here on, and until the end, the directory holds no bundle. */
export async function prepareDirectory(directory: string): Promise<void> {
  await checkBundleDirectory(directory);
  await makeDirectories(directory);
  for (const name of [SUMS_FILE, SIGNATURE_FILE]) await rm(join(directory, name), { force: true });
  await trySyncDirectory(directory);
}

/** What lies in `blobs/` and belongs to no bundle, or to the one that was here before. */
async function removeOthers(directory: string, kept: ReadonlySet<string>): Promise<void> {
  const root = join(directory, BLOBS_DIRECTORY);
  for (const folder of await readdir(root).catch(() => [])) {
    const path = `${BLOBS_DIRECTORY}/${folder}`;
    // Behind a link there are files that are not ours.
    if ((await kindOf(join(directory, path))) === 'other') {
      await rm(join(directory, path), { force: true });
      continue;
    }
    for (const name of await readdir(join(directory, path))) {
      if (kept.has(`${path}/${name}`)) continue;
      await rm(join(directory, path, name), { recursive: true, force: true });
    }
  }
}

export interface BundleEnding {
  /** PEM; undefined leaves it unsigned. */
  readonly privateKey: string | undefined;
  /** Something could not be copied: what has come of it stays for the next run. */
  readonly keepsUnfinished: boolean;
}

export interface BundleFiles extends BundleEnding {
  readonly document: BundleDocument;
  /** SHA-256 of the files in `blobs/`. */
  readonly sums: ReadonlyMap<string, string>;
}

export async function writeBundleFiles(
  directory: string,
  { document, sums, privateKey, keepsUnfinished }: BundleFiles,
): Promise<void> {
  await removeOthers(directory, new Set(sums.keys()));
  const all = new Map(sums);
  const files = [
    [OCI_LAYOUT_FILE, OCI_LAYOUT],
    [INDEX_FILE, formatIndex(document.references)],
    [DOCUMENT_FILE, `${JSON.stringify(toJson(document), null, 2)}\n`],
  ] as const;
  for (const [name, text] of files) {
    await writeWhole(directory, name, text);
    all.set(name, createHash('sha256').update(text).digest('hex'));
  }
  const text = formatSums(all);
  const signature = privateKey === undefined ? undefined : signSums(Buffer.from(text), privateKey);
  if (signature !== undefined) await writeWhole(directory, SIGNATURE_FILE, signature);
  await writeWhole(directory, SUMS_FILE, text);
  if (keepsUnfinished) return;
  await rm(join(directory, UNFINISHED_DIRECTORY), { recursive: true, force: true });
}
