// The blob store over the database's links and the files.
import type { Digest, RepositoryName } from '@portolan/oci';
import { recordAudit } from '../audit/audit-store.ts';
import { enqueueReviews } from '../collection/review-queue.ts';
import { bumpContent } from '../database/generations.ts';
import type { BlobFiles } from '../files/blob-files.ts';
import { ensureRepository } from '../repositories/ensure-repository.ts';
import type { StoreDeps } from '../store-deps.ts';
import type { BlobStore, ByteRange, MountRequest, StoredBlob } from './blob-store.ts';
import { createBlobReader } from './blob-reader.ts';
import { linkBlob, renewLink } from './link-blob.ts';
import { createLinkedBlobs, queryLinkedBlob } from './linked-blobs.ts';

export interface BlobStoreDeps extends StoreDeps {
  readonly files: BlobFiles;
}

const HOUR_MS = 60 * 60 * 1000;

export function createBlobStore(deps: BlobStoreDeps): BlobStore {
  const { database, clock, times } = deps;
  const links = createLinkedBlobs({ reader: database.read, generations: deps.generations });
  const reader = createBlobReader({ reader: database.read, files: deps.files });
  // GitLab's trick: asking again and again for a blob costs a write an hour.
  const renewWithinMs = Math.min(HOUR_MS, times.leaseMs / 2);

  async function findForPush(
    repository: RepositoryName,
    digest: Digest,
  ): Promise<StoredBlob | undefined> {
    const link = await links.find(repository, digest);
    const now = clock();
    if (link === undefined || link.leaseUntil > now + renewWithinMs) return link?.blob;
    const leaseUntil = now + times.leaseMs;
    const isRenewed = await database.write((tx) => renewLink(tx, { ...link, digest, leaseUntil }));
    links.forget(repository, digest);
    return isRenewed ? link.blob : undefined;
  }

  /** The source's row of the blob; every source is one that the caller may pull from. */
  function queryMountable({ sources, digest }: MountRequest, from = database.read) {
    return from
      .selectFrom('blob')
      .innerJoin('repository_blob', 'repository_blob.blob_id', 'blob.id')
      .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
      .select(['blob.id', 'blob.size', 'blob.file'])
      .where('blob.digest', '=', digest)
      .where('repository.name', 'in', [...sources])
      .limit(1)
      .executeTakeFirst();
  }

  async function mount(request: MountRequest): Promise<StoredBlob | undefined> {
    if (request.sources.length === 0) return undefined;
    // Clients try mounts that fail all the time; those cost no write lock.
    if ((await queryMountable(request)) === undefined) return undefined;
    const { to, digest } = request;
    return database.write(async (tx) => {
      const source = await queryMountable(request, tx);
      if (source === undefined) return undefined;
      const now = clock();
      const repositoryId = await ensureRepository(tx, to, now);
      const leaseUntil = now + times.leaseMs;
      await linkBlob(tx, { repositoryId, blobId: source.id, digest, leaseUntil });
      return { digest, size: source.size, file: source.file };
    });
  }

  function remove(repository: RepositoryName, digest: Digest, actor: string): Promise<boolean> {
    return database.write(async (tx) => {
      const link = await queryLinkedBlob(tx, repository, digest);
      if (link === undefined) return false;
      await tx
        .deleteFrom('repository_blob')
        .where('repository_id', '=', link.repositoryId)
        .where('blob_id', '=', link.blobId)
        .execute();
      const at = clock();
      await enqueueReviews(tx, [{ kind: 'blob', repositoryId: 0, digest, reviewAfter: at }]);
      await bumpContent(tx);
      const target = `${repository}@${digest}`;
      await recordAudit(tx, { at, actor, action: 'blob.delete', target, detail: {} });
      return true;
    });
  }

  return {
    find: async (repository, digest) => (await links.find(repository, digest))?.blob,
    findForPush,
    read: (blob: StoredBlob, range?: ByteRange) => reader.read(blob, range),
    mount,
    delete: remove,
  };
}
