// A manifest is accepted only when everything it requires can be pulled from the same repository:
// config and layers as blobs linked there, children as manifests there. A digest that the other kind
// has does not count: an index whose child is only a blob cannot be pulled. The exception is an index
// that lists blobs under their own types, as BuildKit's cache export does (image-manifest=false).
import {
  type Manifest,
  type ManifestReference,
  MediaType,
  type RepositoryName,
} from '@portolan/oci';
import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import { digestChunks } from './digest-chunks.ts';

const MAX_DIGESTS_SHOWN = 20;

function required(references: readonly ManifestReference[], isChild: boolean): Set<string> {
  return new Set(
    references
      .filter((reference) => reference.isRequired && (reference.kind === 'child') === isChild)
      .map((reference) => reference.descriptor.digest),
  );
}

async function missingBlobs(tx: Writer, repositoryId: number, wanted: Set<string>) {
  for (const chunk of digestChunks([...wanted])) {
    const linked = await tx
      .selectFrom('blob')
      .innerJoin('repository_blob', 'repository_blob.blob_id', 'blob.id')
      .select('blob.digest')
      .where('repository_blob.repository_id', '=', repositoryId)
      .where('blob.digest', 'in', chunk)
      .execute();
    for (const blob of linked) wanted.delete(blob.digest);
  }
  return [...wanted];
}

async function missingChildren(tx: Writer, repositoryId: number, wanted: Set<string>) {
  for (const chunk of digestChunks([...wanted])) {
    const present = await tx
      .selectFrom('manifest')
      .select('digest')
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .execute();
    for (const manifest of present) wanted.delete(manifest.digest);
  }
  return [...wanted];
}

async function allowsSparseIndexes(tx: Writer, repositoryId: number): Promise<boolean> {
  const namespace = await tx
    .selectFrom('repository')
    .innerJoin('namespace', 'namespace.id', 'repository.namespace_id')
    .select('namespace.allows_sparse_indexes')
    .where('repository.id', '=', repositoryId)
    .executeTakeFirstOrThrow();
  return namespace.allows_sparse_indexes === 1;
}

/** Those children that cannot be manifests by their type. */
function blobChildren({ references }: Manifest, children: readonly string[]): Set<string> {
  const absent = new Set(children);
  return new Set(
    references
      .filter(({ descriptor }) => !MediaType.isManifest(descriptor.mediaType))
      .map(({ descriptor }) => descriptor.digest)
      .filter((digest) => absent.has(digest)),
  );
}

/**
 * @returns the children that are blobs, to be kept as layers are
 * @throws StorageError `manifest-reference-unknown`
 */
export async function checkReferences(
  tx: Writer,
  repositoryId: number,
  repository: RepositoryName,
  manifest: Manifest,
): Promise<ReadonlySet<string>> {
  const blobs = await missingBlobs(tx, repositoryId, required(manifest.references, false));
  let children = await missingChildren(tx, repositoryId, required(manifest.references, true));
  const asBlobs = blobChildren(manifest, children);
  for (const digest of await missingBlobs(tx, repositoryId, new Set(asBlobs)))
    asBlobs.delete(digest);
  children = children.filter((digest) => !asBlobs.has(digest));
  if (children.length > 0 && (await allowsSparseIndexes(tx, repositoryId))) children = [];
  const missing = [...blobs, ...children];
  if (missing.length === 0) return asBlobs;
  throw storageError(
    'manifest-reference-unknown',
    'the manifest references content that this repository does not have',
    {
      repository,
      digests: missing.slice(0, MAX_DIGESTS_SHOWN),
      missing: missing.length,
      hint: 'push the blobs and child manifests to this repository first, then the manifest again',
    },
  );
}
