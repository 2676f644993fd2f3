// Blobs as a repository sees them: always through its link row, never through the global tree, so
// that deduplication cannot leak one repository's content to another (distribution CVE-2026-35172).
import type { ByteRange } from '../files/byte-range.ts';
import type { StoredBlob, MountRequest } from './stored-blob.ts';
import type { Digest, RepositoryName } from '@portolan/oci';
import type { Readable } from 'node:stream';
import { recordAudit } from '../audit/record-audit.ts';
import { enqueueReviews } from '../collection/review-queue.ts';
import type { Reader } from '../database/transaction.ts';
import { bumpContent } from '../database/generations.ts';
import type { BlobFiles } from '../files/blob-files.ts';
import { ensureRepository } from '../repositories/ensure-repository.ts';
import type { StoreDeps } from '../store-deps.ts';
import { createBlobReader } from './blob-reader.ts';
import { linkBlob, renewLink } from './link-blob.ts';
import { createLinkedBlobs, queryLinkedBlob } from './linked-blobs.ts';

export interface BlobStore {
  find(repository: RepositoryName, digest: Digest): Promise<StoredBlob | undefined>;
  /**
   * As `find`, for a caller who may push: also makes sure that the link holds for a while, since the
   * client will now skip the upload and name the blob in a manifest (reference §4.5).
   */
  findForPush(repository: RepositoryName, digest: Digest): Promise<StoredBlob | undefined>;
  /**
   * The bytes, or the given part of them. The file is open when the promise resolves, so a missing
   * one is an error before any header is sent. Small blobs come as a Buffer.
   * @throws StorageError `blob-file-missing`
   */
  read(blob: StoredBlob, range?: ByteRange): Promise<Buffer | Readable>;
  /**
   * Links a blob of another repository; undefined when no source has it.
   * @throws StorageError `access-withdrawn`, `mirror-only`
   */
  mount(request: MountRequest): Promise<StoredBlob | undefined>;
  /**
   * Links the blob that any repository here has; undefined when none has it whole. It lets the caller
   * read what it names without asking for any right, so it is for our own mirror and the import of
   * bundles, which have the digest from a manifest that they publish; nothing that a client sends
   * may ever lead here (CVE-2026-35172). @throws StorageError `access-withdrawn` when `to` is in no mirror
   */
  linkFromAnywhere(to: RepositoryName, digest: Digest): Promise<StoredBlob | undefined>;
  /** Whether `linkFromAnywhere` would find it, and of this size if one is given; for plans, under the same rule. */
  isAnywhere(digest: Digest, size?: number): Promise<boolean>;
  /** Takes the blob out of this repository. False when it was not there. */
  delete(repository: RepositoryName, digest: Digest, actor: string): Promise<boolean>;
}

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
    const { to, digest, right } = request;
    return database.write(async (tx) => {
      const source = await queryMountable(request, tx);
      if (source === undefined) return undefined;
      const now = clock();
      const repositoryId = await ensureRepository(tx, to, now, right);
      const leaseUntil = now + times.leaseMs;
      await linkBlob(tx, { repositoryId, blobId: source.id, digest, leaseUntil });
      return { digest, size: source.size, file: source.file };
    });
  }

  function queryBlob(digest: Digest, from: Reader = database.read) {
    return from
      .selectFrom('blob')
      .select(['id', 'size', 'file'])
      .where('digest', '=', digest)
      .executeTakeFirst();
  }

  async function isAnywhere(digest: Digest, size?: number): Promise<boolean> {
    const known = await queryBlob(digest);
    if (size !== undefined && known?.size !== size) return false;
    // One whose file is lost or damaged has to come anew: that upload repairs it.
    return known !== undefined && deps.files.sizeOf(known.file) === known.size;
  }

  async function linkFromAnywhere(
    to: RepositoryName,
    digest: Digest,
  ): Promise<StoredBlob | undefined> {
    if (!(await isAnywhere(digest))) return undefined;
    return database.write(async (tx) => {
      const blob = await queryBlob(digest, tx);
      if (blob === undefined) return undefined;
      const now = clock();
      const repositoryId = await ensureRepository(tx, to, now, 'mirror');
      const leaseUntil = now + times.leaseMs;
      await linkBlob(tx, { repositoryId, blobId: blob.id, digest, leaseUntil });
      return { digest, size: blob.size, file: blob.file };
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
    linkFromAnywhere,
    isAnywhere,
    delete: remove,
  };
}
