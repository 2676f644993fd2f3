// A sink that takes nothing and remembers what it would have taken: a copy to it is the plan of a copy.
import type { Digest, Reference } from '@portolan/oci';
import type { FetchedManifest, ManifestHead, SinkRepository } from '../places/place.ts';

export interface DrySink extends SinkRepository {
  readonly planned: { blobs: number; bytes: number };
}

export function createDrySink(
  real: SinkRepository,
  hasBlobHere: (digest: Digest) => Promise<boolean>,
): DrySink {
  const planned = { blobs: 0, bytes: 0 };
  const blobs = new Set<Digest>();
  const manifests = new Map<Digest, FetchedManifest>();
  const own = (reference: Reference): FetchedManifest | undefined =>
    reference.kind === 'digest' ? manifests.get(reference.digest) : undefined;
  return {
    name: real.name,
    planned,
    async head(reference, signal): Promise<ManifestHead | undefined> {
      const put = own(reference);
      if (put === undefined) return await real.head(reference, signal);
      return { digest: put.digest, mediaType: put.mediaType, size: put.body.length };
    },
    async manifest(reference, signal) {
      return own(reference) ?? (await real.manifest?.(reference, signal));
    },
    async hasBlob({ digest }) {
      return blobs.has(digest) || (await hasBlobHere(digest));
    },
    async putBlob({ digest, size }) {
      blobs.add(digest);
      planned.blobs++;
      planned.bytes += size;
    },
    async putManifest(manifest) {
      // Put twice where it has referrers: before them, and with its tags.
      if (manifests.has(manifest.digest)) return;
      manifests.set(manifest.digest, manifest);
      planned.bytes += manifest.body.length;
    },
  };
}
