// Which blobs are linked to which repositories, remembered while nothing that could be read has gone
// away anywhere (the `content` generation). Only what was found is remembered.
import type { Digest, RepositoryName } from '@portolan/oci';
import type { Reader } from '../database/database.ts';
import type { Generations } from '../database/generations.ts';
import type { StoredBlob } from './blob-store.ts';

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

const MAX_ENTRIES = 20_000;

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

export function createLinkedBlobs(deps: {
  readonly reader: Reader;
  readonly generations: Generations;
}): LinkedBlobs {
  const known = new Map<string, LinkedBlob>();
  let knownAsOf = -1;

  return {
    async find(repository, digest) {
      const { content } = await deps.generations.current();
      if (content !== knownAsOf) {
        known.clear();
        knownAsOf = content;
      }
      const key = `${repository}@${digest}`;
      const remembered = known.get(key);
      if (remembered !== undefined) return remembered;
      const found = await queryLinkedBlob(deps.reader, repository, digest);
      // Another call may have seen a newer generation while this one read.
      if (found !== undefined && content === knownAsOf) {
        if (known.size >= MAX_ENTRIES) known.clear();
        known.set(key, found);
      }
      return found;
    },
    forget: (repository, digest) => {
      known.delete(`${repository}@${digest}`);
    },
  };
}
