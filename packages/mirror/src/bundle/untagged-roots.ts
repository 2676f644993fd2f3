// The manifests of a repository that nothing else in it leads to: referrers, and images by digest. A bundle
// names these by their digests, since otherwise nobody would find them in it.
import type { Digest, Tag } from '@portolan/oci';

export interface LedTo {
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** What each manifest names. */
  readonly manifests: ReadonlyMap<Digest, readonly Digest[]>;
}

export function untaggedRoots({ tags, manifests }: LedTo): readonly Digest[] {
  const led = new Set(tags.values());
  for (const named of manifests.values()) {
    for (const digest of named) led.add(digest);
  }
  return [...manifests.keys()].filter((digest) => !led.has(digest));
}
