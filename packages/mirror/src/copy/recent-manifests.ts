// Manifests that were fetched a moment ago: several tags of a repository often point at one image, or
// share a child, and each GET of a manifest counts as a pull.
import type { Digest } from '@portolan/oci';
import type { FetchedManifest } from '../places/place.ts';

export interface RecentManifests {
  find(digest: Digest): FetchedManifest | undefined;
  /** Its bytes have been compared with its digest. */
  add(manifest: FetchedManifest): void;
}

const MAX_BYTES = 8 * 1024 * 1024;

export function createRecentManifests(maxBytes = MAX_BYTES): RecentManifests {
  const kept = new Map<Digest, FetchedManifest>();
  let bytes = 0;
  return {
    find: (digest) => kept.get(digest),
    add(manifest) {
      if (kept.has(manifest.digest)) return;
      kept.set(manifest.digest, manifest);
      bytes += manifest.body.length;
      for (const [digest, { body }] of kept) {
        if (bytes <= maxBytes) return;
        kept.delete(digest);
        bytes -= body.length;
      }
    },
  };
}
