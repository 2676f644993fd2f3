// `have.json`: what a registry has, written where there is no network and carried out. A bundle made
// against it holds what is missing there, whatever was carried in before and in whatever order.
import type { Digest } from '@portolan/oci';
import * as z from 'zod';
import { BundleId, digest, parseJsonDocument, referenceName, time } from './bundle-document.ts';
import { formatReferenceName, type NamedReference } from './reference-name.ts';

export const HAVE_FORMAT = 'portolan-have/1';

export interface HaveDocument {
  readonly id: string;
  readonly at: number;
  readonly references: readonly (NamedReference & { readonly digest: Digest })[];
  readonly manifests: readonly Digest[];
  readonly blobs: readonly Digest[];
}

const SCHEMA = z.strictObject({
  format: z.literal(HAVE_FORMAT),
  id: BundleId,
  at: time,
  references: z.array(z.strictObject({ name: referenceName, digest })),
  manifests: z.array(digest),
  blobs: z.array(digest),
});

export function formatHave({ id, at, references, manifests, blobs }: HaveDocument): string {
  const document = {
    format: HAVE_FORMAT,
    id,
    at: new Date(at).toISOString(),
    references: references.map((one) => ({
      name: formatReferenceName(one),
      digest: one.digest,
    })),
    manifests,
    blobs,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** @throws MirrorError `bundle-invalid` */
export function parseHave(text: string, file: string): HaveDocument {
  const { id, at, references, manifests, blobs } = parseJsonDocument(file, text, SCHEMA);
  const named = references.map(({ name, digest: of }) => ({ ...name, digest: of }));
  return { id, at, references: named, manifests, blobs };
}
