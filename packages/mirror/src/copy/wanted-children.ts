// Which children of an index a copy takes. The index keeps its bytes, so it may name more than is here
// (image-spec calls such an index sparse).
import type { Descriptor, Digest, ManifestReference } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import { formatPlatform, type Platform } from '../selection/platform.ts';
import type { ReadManifest } from './read-manifest.ts';

/** BuildKit's attestations are children of platform `unknown/unknown` that name whose they are. */
const ATTESTED_DIGEST = 'vnd.docker.reference.digest';

interface Child {
  readonly descriptor: Descriptor;
  readonly platform: Platform | undefined;
}

function readPlatform(value: unknown): Platform | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { os, architecture, variant } = value as Record<string, unknown>;
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  const known = typeof variant === 'string' && variant !== '' ? variant : undefined;
  return { os, architecture, variant: known };
}

/** The body has been parsed and checked already; descriptors as such have no platform. */
function childrenOf({ fetched, manifest }: ReadManifest): Child[] {
  const document = JSON.parse(fetched.body.toString('utf8')) as { manifests?: unknown[] };
  const entries = (document.manifests ?? []) as { platform?: unknown }[];
  return manifest.references
    .filter(({ kind }) => kind === 'child')
    .map(({ descriptor }, index) => ({
      descriptor,
      platform: readPlatform(entries[index]?.platform),
    }));
}

/** A wish without a variant takes each; arm64 without one is v8. */
export function matchesPlatform(wish: Platform, has: Platform): boolean {
  if (wish.os !== has.os || wish.architecture !== has.architecture) return false;
  if (wish.variant === undefined || wish.variant === has.variant) return true;
  return has.variant === undefined && has.architecture === 'arm64' && wish.variant === 'v8';
}

function isWanted({ platform }: Child, platforms: readonly Platform[]): boolean {
  // What does not say, such as a nested index, may hold one.
  return platform === undefined || platforms.some((wish) => matchesPlatform(wish, platform));
}

function attestsOneOf({ descriptor }: Child, digests: ReadonlySet<Digest | string>): boolean {
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
  const children = childrenOf(read);
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
