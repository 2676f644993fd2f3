// How large the documents of a bundle may be. They are read whole before anything is known of them, and
// whoever prepared the stick may want to exhaust our memory; so an export makes none that is larger.
import { mirrorError } from '../errors.ts';
import { countValues } from '../json/count-values.ts';

/** Of bundle.json, index.json and SHA256SUMS: a few hundred bytes for each of what they list. */
export const MAX_DOCUMENT_BYTES: number = 64 * 1024 * 1024;

/** have.json lists digests alone, and all of a registry. */
export const MAX_HAVE_BYTES: number = 256 * 1024 * 1024;

/** References, blobs, expected and left out ones of a bundle. */
export const MAX_DESCRIPTORS = 200_000;

/** Of all blobs, split ones in several; each is a line of SHA256SUMS. */
export const MAX_FILES = 400_000;

/** A descriptor has some six of them. */
const MAX_VALUES = 4_000_000;

/** Before it is parsed. @throws MirrorError `bundle-invalid` */
export function checkDocument(file: string, bytes: Uint8Array): void {
  const values = countValues(bytes);
  if (values <= MAX_VALUES) return;
  const detail = { file, values, maxValues: MAX_VALUES };
  throw mirrorError('bundle-invalid', `${file} lists more than a bundle can hold`, detail);
}

/** What an export is going to list. @throws MirrorError `request-invalid` */
export function checkExtent(descriptors: number, files: number): void {
  if (descriptors <= MAX_DESCRIPTORS && files <= MAX_FILES) return;
  throw mirrorError('request-invalid', 'this is more than one bundle can hold', {
    descriptors,
    maxDescriptors: MAX_DESCRIPTORS,
    files,
    maxFiles: MAX_FILES,
    hint: 'make several bundles, with selectors, or split blobs into larger files',
  });
}
