// What the other side has already, so that a bundle can leave it out: by its own list (`have.json`), or
// because an earlier bundle went there.
import type { Digest } from '@portolan/oci';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type BundleBase, type BundleDocument, parseBundleDocument } from './bundle-document.ts';
import { readSmallFile } from './bundle-files.ts';
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

/**
 * From a bundle's directory, its bundle.json alone, or a have.json.
 * @throws MirrorError `bundle-invalid`, `place-incomplete`
 */
export async function readKnownContent(path: string): Promise<KnownContent> {
  const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const [directory, file] = isDirectory ? [path, DOCUMENT_FILE] : [dirname(path), basename(path)];
  const maxBytes = isDirectory ? MAX_DOCUMENT_BYTES : MAX_HAVE_BYTES;
  const bytes = await readSmallFile(directory, file, maxBytes);
  checkDocument(file, bytes);
  const text = bytes.toString('utf8');
  if (!text.includes(`"${HAVE_FORMAT}"`)) return knownFromBundle(parseBundleDocument(text));
  const have = parseHave(text, file);
  return { kind: 'have', id: have.id, blobs: new Set(have.blobs) };
}
