// Which blobs are linked to which repositories. A link that goes moves the content generation.
import type { Digest, RepositoryName } from '@portolan/oci';
import { createContentCache } from '../database/content-cache.ts';
import type { Reader } from '../database/transaction.ts';
import type { Generations } from '../database/generations.ts';
import type { StoredBlob } from './stored-blob.ts';

export interface LinkedBlob {
  readonly blob: StoredBlob;
  readonly repositoryId: number;
  readonly blobId: number;
  /** At least until then the link holds by itself; it may have been renewed since. */
  readonly leaseUntil: number;
}

export interface LinkedBlobs {
  find(repository: RepositoryName, digest: Digest): Promise<LinkedBlob | undefined>;
  forget(repository: RepositoryName, digest: Digest): void;
}

export async function queryLinkedBlob(
  reader: Reader,
  repository: RepositoryName,
  digest: Digest,
): Promise<LinkedBlob | undefined> {
  const row = await reader
    .selectFrom('repository')
    .innerJoin('repository_blob', 'repository_blob.repository_id', 'repository.id')
    .innerJoin('blob', 'blob.id', 'repository_blob.blob_id')
    .select(['repository.id as repositoryId', 'blob.id as blobId'])
    .select(['repository_blob.lease_until as leaseUntil', 'blob.size', 'blob.file'])
    .where('repository.name', '=', repository)
    .where('blob.digest', '=', digest)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { repositoryId, blobId, leaseUntil, size, file } = row;
  return { blob: { digest, size, file }, repositoryId, blobId, leaseUntil };
}

function keyOf(repository: RepositoryName, digest: Digest): string {
  return `${repository}@${digest}`;
}

export function createLinkedBlobs(deps: {
  readonly reader: Reader;
  readonly generations: Generations;
}): LinkedBlobs {
  const cache = createContentCache<LinkedBlob>(deps.generations);
  return {
    find: (repository, digest) =>
      cache.find(keyOf(repository, digest), () => queryLinkedBlob(deps.reader, repository, digest)),
    forget: (repository, digest) => cache.forget(keyOf(repository, digest)),
  };
}
