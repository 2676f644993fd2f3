// What all references of an export come to: content that several of them have is there once.
import type { Digest, RepositoryName, Tag } from '@portolan/oci';
import type { ReferenceContent } from './reference-content.ts';
import { untaggedRoots } from './untagged-roots.ts';

interface PlannedRepository {
  readonly tags: Map<Tag, Digest>;
  readonly manifests: Map<Digest, readonly Digest[]>;
}

export interface PlannedContent {
  readonly manifests: Map<Digest, number>;
  readonly blobs: Map<Digest, number>;
  readonly known: Set<Digest>;
  readonly repositories: Map<RepositoryName, PlannedRepository>;
}

export function startPlannedContent(): PlannedContent {
  return { manifests: new Map(), blobs: new Map(), known: new Set(), repositories: new Map() };
}

export function addPlannedContent(
  planned: PlannedContent,
  name: RepositoryName,
  { manifests, blobs, known, tags }: ReferenceContent,
): void {
  const repository = planned.repositories.get(name) ?? { tags: new Map(), manifests: new Map() };
  planned.repositories.set(name, repository);
  for (const [digest, { size, named }] of manifests) {
    planned.manifests.set(digest, size);
    repository.manifests.set(digest, named);
  }
  for (const [digest, size] of blobs) planned.blobs.set(digest, size);
  for (const digest of known) planned.known.add(digest);
  for (const [tag, digest] of tags) repository.tags.set(tag, digest);
}

/** All that becomes a file; a manifest may also stand where a blob does. */
export function plannedFiles({ manifests, blobs }: PlannedContent): ReadonlyMap<Digest, number> {
  return new Map([...blobs, ...manifests]);
}

/** As many as the bundle will name: signatures are among them. */
export function countReferences({ repositories }: PlannedContent): number {
  return [...repositories.values()].reduce(
    (sum, repository) => sum + repository.tags.size + untaggedRoots(repository).length,
    0,
  );
}
