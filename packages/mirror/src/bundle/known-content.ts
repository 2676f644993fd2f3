// What the other side has already, so that a bundle can leave it out: by its own list (`have.json`), or
// because an earlier bundle went there.
import type { Digest } from '@portolan/oci';
import { isMissing } from '@portolan/storage';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mirrorError } from '../errors.ts';
import {
  BUNDLE_FORMAT,
  type BundleBase,
  type BundleDocument,
  parseBundleDocument,
} from './bundle-document.ts';
import { fileSize, readSmallFile } from './bundle-files.ts';
import { checkDocument, MAX_DOCUMENT_BYTES, MAX_HAVE_BYTES } from './document-limits.ts';
import { HAVE_FORMAT, parseHave } from './have-document.ts';
import { DOCUMENT_FILE } from './layout.ts';

export interface KnownContent extends BundleBase {
  readonly blobs: ReadonlySet<Digest>;
}

/** Whoever has taken a bundle in has what it expected, too. */
export function knownFromBundle({ id, blobs, expected }: BundleDocument): KnownContent {
  const digests = [...blobs, ...expected].map(({ digest }) => digest);
  return { kind: 'bundle', id, blobs: new Set(digests) };
}

const HINT = 'name a have.json, the directory of a bundle, or `last`';

async function kindOf(path: string): Promise<'directory' | 'file'> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw mirrorError('request-invalid', `cannot read ${path}`, { hint: HINT }, cause);
  }
}

/** A file, or a pipe: `--base <(… bundle have)`. Links are followed, since a person has named it. */
async function readNamed(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const handle = await open(path);
    for await (const chunk of handle.createReadStream()) {
      size += (chunk as Buffer).length;
      if (size > MAX_HAVE_BYTES) break;
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    throw mirrorError('request-invalid', `cannot read ${path}`, { hint: HINT }, cause);
  }
  if (size <= MAX_HAVE_BYTES) return Buffer.concat(chunks);
  const facts = { file: path, maxBytes: MAX_HAVE_BYTES };
  throw mirrorError('bundle-invalid', `${path} is too large`, facts);
}

/**
 * From a bundle's directory, its bundle.json alone, or a have.json, which may come through a pipe.
 * @throws MirrorError `request-invalid` when it is none of these, `bundle-invalid`, `place-incomplete`
 */
export async function readKnownContent(path: string): Promise<KnownContent> {
  const isDirectory = (await kindOf(path)) === 'directory';
  if (isDirectory && (await fileSize(join(path, DOCUMENT_FILE))) === undefined) {
    throw mirrorError('request-invalid', `there is no bundle in ${path}`, { hint: HINT });
  }
  const file = isDirectory ? DOCUMENT_FILE : path;
  const bytes = isDirectory
    ? await readSmallFile(path, file, MAX_DOCUMENT_BYTES)
    : await readNamed(path);
  checkDocument(file, bytes);
  const text = bytes.toString('utf8');
  if (isDirectory || text.includes(`"${BUNDLE_FORMAT}"`)) {
    return knownFromBundle(parseBundleDocument(text));
  }
  if (!text.includes(`"${HAVE_FORMAT}"`)) {
    const message = `${path} is neither a have.json nor a bundle`;
    throw mirrorError('request-invalid', message, { hint: HINT });
  }
  const have = parseHave(text, file);
  return { kind: 'have', id: have.id, blobs: new Set(have.blobs) };
}
