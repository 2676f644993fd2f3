// The manifests that an image consists of, as far as the bundle has them.
import type { Digest } from '@portolan/oci';
import type { BundleContents, BundledManifest } from './bundle-contents.ts';
import type { BundleReference } from './bundle-document.ts';

export function manifestsBelow(
  { repositories }: BundleContents,
  { repository, digest: root }: Pick<BundleReference, 'repository' | 'digest'>,
): readonly BundledManifest[] {
  const manifests = repositories.get(repository)?.manifests;
  const found = new Map<Digest, BundledManifest>();
  const queue = [root];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    const one = manifests?.get(digest);
    if (one === undefined || found.has(digest)) continue;
    found.set(digest, one);
    for (const { kind, descriptor } of one.manifest.references) {
      if (kind === 'child') queue.push(descriptor.digest);
    }
  }
  return [...found.values()];
}

/** Bytes of the manifests and of all that they name, each blob once, wherever it is. */
export function contentBytes(contents: BundleContents, reference: BundleReference): number {
  const sizes = new Map<Digest, number>();
  for (const { digest, size, manifest } of manifestsBelow(contents, reference)) {
    sizes.set(digest, size);
    for (const { kind, descriptor } of manifest.references) {
      if (kind !== 'child') sizes.set(descriptor.digest, descriptor.size);
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
