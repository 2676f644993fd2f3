// Which children of an index a copy takes. The index keeps its bytes, so it may name more than is here
// (image-spec calls such an index sparse).
import type { Digest, ManifestReference } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../selection/platform.ts';
import { childrenOf, type IndexChild } from './index-children.ts';
import type { ReadManifest } from './read-manifest.ts';

/** BuildKit's attestations are children of platform `unknown/unknown` that name whose they are. */
const ATTESTED_DIGEST = 'vnd.docker.reference.digest';

function isWanted({ platform }: IndexChild, platforms: readonly Platform[]): boolean {
  // What does not say, such as a nested index, may hold one.
  return platform === undefined || platforms.some((wish) => matchesPlatform(wish, platform));
}

function attestsOneOf({ descriptor }: IndexChild, digests: ReadonlySet<Digest | string>): boolean {
  const attested = descriptor.annotations?.[ATTESTED_DIGEST];
  return attested !== undefined && digests.has(attested);
}

/** @throws MirrorError `upstream-absent` when the index has none of the platforms */
export function wantedChildren(
  read: ReadManifest,
  platforms: readonly Platform[] | undefined,
): readonly ManifestReference[] {
  const { references } = read.manifest;
  if (platforms === undefined || !read.manifest.isIndex) return references;
  const children = childrenOf(read.fetched, read.manifest);
  const wanted = new Set<Digest>(
    children.filter((child) => isWanted(child, platforms)).map((c) => c.descriptor.digest),
  );
  if (wanted.size === 0 && children.length > 0) {
    const has = children.map((child) => child.platform).filter((known) => known !== undefined);
    throw mirrorError('upstream-absent', 'the index has none of the platforms', {
      wanted: platforms.map(formatPlatform).join(', '),
      has: [...new Set(has.map(formatPlatform))].join(', '),
    });
  }
  const attested = children.filter((child) => attestsOneOf(child, wanted));
  for (const { descriptor } of attested) wanted.add(descriptor.digest);
  return references.filter(({ descriptor }) => wanted.has(descriptor.digest));
}
