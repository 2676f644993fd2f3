// What an export has put so far, and the description of it that becomes bundle.json.
import type { Digest, Manifest, Reference, RepositoryName, Tag } from '@portolan/oci';
import type { FetchedManifest } from '../places/place.ts';
import type { BundleDocument, BundleReference } from './bundle-document.ts';
import type { KnownContent } from './known-content.ts';
import { countParts } from './layout.ts';
import { untaggedRoots } from './untagged-roots.ts';

export interface WrittenManifest {
  readonly fetched: FetchedManifest;
  readonly manifest: Manifest;
}

export interface WrittenRepository {
  readonly source: string;
  readonly manifests: Map<Digest, WrittenManifest>;
  readonly tags: Map<Tag, Digest>;
}

export interface WrittenBlob {
  readonly size: number;
  readonly sums: ReadonlyMap<string, string>;
}

export interface Written {
  readonly blobs: Map<Digest, WrittenBlob>;
  readonly expected: Map<Digest, number>;
  readonly repositories: Map<RepositoryName, WrittenRepository>;
}

function untagged({ tags, manifests }: WrittenRepository): readonly Digest[] {
  const names = [...manifests].map(
    ([digest, { manifest }]) =>
      [digest, manifest.references.map(({ descriptor }) => descriptor.digest)] as const,
  );
  return untaggedRoots({ tags, manifests: new Map(names) });
}

function referencesOf(written: Written, copiedAt: number): BundleReference[] {
  const references: BundleReference[] = [];
  for (const [repository, inside] of written.repositories) {
    const add = (digest: Digest, reference: Reference): void => {
      const found = inside.manifests.get(digest)?.fetched;
      if (found === undefined) return;
      const { mediaType, body } = found;
      const { source } = inside;
      const size = body.length;
      references.push({ repository, reference, digest, mediaType, size, source, copiedAt });
    };
    for (const [tag, digest] of inside.tags) add(digest, { kind: 'tag', tag });
    for (const digest of untagged(inside)) add(digest, { kind: 'digest', digest });
  }
  return references;
}

/** Children that an index names and the bundle has not: other platforms. */
function omittedChildren({ repositories, blobs, expected }: Written): Digest[] {
  const omitted = new Set<Digest>();
  for (const { manifests } of repositories.values()) {
    for (const { manifest } of manifests.values()) {
      const children = manifest.references.filter(({ kind }) => kind === 'child');
      for (const { descriptor } of children) omitted.add(descriptor.digest);
    }
  }
  return [...omitted].filter((digest) => !blobs.has(digest) && !expected.has(digest));
}

function mediaTypesOf({ repositories }: Written): Map<Digest, string> {
  const types = new Map<Digest, string>();
  for (const { manifests } of repositories.values()) {
    for (const [digest, { fetched }] of manifests) types.set(digest, fetched.mediaType);
  }
  return types;
}

export interface BundleFacts {
  readonly id: string;
  readonly madeAt: number;
  /** Program and version. */
  readonly tool: string;
  readonly maxFileSize: number;
  readonly known: KnownContent | undefined;
}

export function describeBundle(
  { id, madeAt, tool, maxFileSize, known }: BundleFacts,
  written: Written,
): BundleDocument {
  const types = mediaTypesOf(written);
  return {
    id,
    madeAt,
    tool,
    base: known === undefined ? undefined : { kind: known.kind, id: known.id },
    maxFileSize,
    references: referencesOf(written, madeAt),
    blobs: [...written.blobs].map(([digest, { size }]) => {
      const manifest = types.get(digest);
      const parts = countParts(size, maxFileSize);
      return { digest, size, parts, ...(manifest === undefined ? {} : { manifest }) };
    }),
    // What one image left out and another one brought is there.
    expected: [...written.expected]
      .filter(([digest]) => !written.blobs.has(digest))
      .map(([digest, size]) => ({ digest, size })),
    omitted: omittedChildren(written),
  };
}
