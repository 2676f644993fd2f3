// `index.json` of a bundle: the references, in the words of image-spec annotations.md, for programs that
// know image layouts only. It says nothing that bundle.json does not.
import { OCI_INDEX } from '@portolan/oci';
import * as z from 'zod';
import type { BundleReference } from './bundle-document.ts';
import { digest, parseJsonDocument } from './bundle-document.ts';
import { INDEX_FILE } from './layout.ts';
import { formatReferenceName } from './reference-name.ts';

const REF_NAME = 'org.opencontainers.image.ref.name';
const SOURCE = 'portolan.bundle.source';
const SOURCE_DIGEST = 'portolan.bundle.source-digest';
const COPIED_AT = 'portolan.bundle.copied-at';

export function formatIndex(references: readonly BundleReference[]): string {
  const manifests = references.map((reference) => ({
    mediaType: reference.mediaType,
    digest: reference.digest,
    size: reference.size,
    annotations: {
      [REF_NAME]: formatReferenceName(reference),
      [SOURCE]: reference.source,
      [SOURCE_DIGEST]: reference.digest,
      [COPIED_AT]: new Date(reference.copiedAt).toISOString(),
    },
  }));
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, null, 2);
}

const SCHEMA = z.object({
  schemaVersion: z.literal(2),
  manifests: z.array(
    z.object({
      mediaType: z.string(),
      digest,
      size: z.int().nonnegative(),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});

/** Name, digest, size and media type of each reference, to be compared with those of bundle.json. */
function keysOf(references: readonly (readonly [string, BundleReference | IndexEntry])[]) {
  return references
    .map(([name, { digest: of, size, mediaType }]) => JSON.stringify([name, of, size, mediaType]))
    .sort()
    .join('\n');
}

type IndexEntry = z.infer<typeof SCHEMA>['manifests'][number];

/** Whether both documents name the same. @throws MirrorError `bundle-invalid` */
export function isIndexOf(text: string, references: readonly BundleReference[]): boolean {
  const { manifests } = parseJsonDocument(INDEX_FILE, text, SCHEMA);
  const inIndex = manifests.map((entry) => [entry.annotations[REF_NAME] ?? '', entry] as const);
  const inDocument = references.map((entry) => [formatReferenceName(entry), entry] as const);
  return keysOf(inIndex) === keysOf(inDocument);
}
