// The index under the fallback tag, with one more referrer (distribution-spec, "Referrers Tag Schema").
// Two writers at once may lose an entry; the specification knows no way around that.
import { createHash } from 'node:crypto';
import { type Descriptor, Digest, OCI_INDEX } from '@portolan/oci';
import type { FetchedManifest } from './place.ts';
import type { RegistryPlace } from './registry-place.ts';
import { listByFallbackTag } from './registry-referrers.ts';

/** Undefined when it is listed already. */
export async function addToFallbackTag(
  place: RegistryPlace,
  subject: Digest,
  entry: Descriptor,
  signal: AbortSignal,
): Promise<FetchedManifest | undefined> {
  const listed = (await listByFallbackTag(place, subject, signal)) ?? [];
  if (listed.some(({ digest }) => digest === entry.digest)) return undefined;
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...listed, entry] };
  const body = Buffer.from(JSON.stringify(document));
  const digest = Digest.of('sha256', createHash('sha256').update(body).digest('hex'));
  return { digest, mediaType: OCI_INDEX, body };
}
