// Links: a repository's right to a blob. A fresh one holds for a lease, within which the client names
// the blob in a manifest; after that only a manifest keeps it.
import type { Digest } from '@portolan/oci';
import { enqueueReviews } from '../collection/review-queue.ts';
import type { Writer } from '../database/transaction.ts';

export interface BlobLink {
  readonly repositoryId: number;
  readonly blobId: number;
  readonly digest: Digest;
  readonly leaseUntil: number;
}

/** Makes the link, or makes an existing one hold until `leaseUntil`; never shortens a lease. */
export async function linkBlob(tx: Writer, link: BlobLink): Promise<void> {
  await tx
    .insertInto('repository_blob')
    .values({
      repository_id: link.repositoryId,
      blob_id: link.blobId,
      lease_until: link.leaseUntil,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['repository_id', 'blob_id'])
        .doUpdateSet((eb) => ({ lease_until: eb.ref('excluded.lease_until') }))
        .whereRef('excluded.lease_until', '>', 'repository_blob.lease_until'),
    )
    .execute();
  await enqueueLinkReview(tx, link);
}

/** False when the link has gone since it was found. */
export async function renewLink(tx: Writer, link: BlobLink): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('repository_blob')
    .set({ lease_until: link.leaseUntil })
    .where('repository_id', '=', link.repositoryId)
    .where('blob_id', '=', link.blobId)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await enqueueLinkReview(tx, link);
  return true;
}

async function enqueueLinkReview(tx: Writer, link: BlobLink): Promise<void> {
  const { repositoryId, digest, leaseUntil } = link;
  await enqueueReviews(tx, [{ kind: 'link', repositoryId, digest, reviewAfter: leaseUntil }]);
}
