// Whether a repository still needs a blob: a manifest names it, or a push that is under way may.
import type { Writer } from '../database/transaction.ts';
import { enqueueReviews, type Review } from './review-queue.ts';

type Due = Pick<Review, 'repositoryId' | 'digest'>;

async function isReferenced(tx: Writer, { repositoryId, digest }: Due): Promise<boolean> {
  const reference = await tx
    .selectFrom('manifest_reference')
    .select('manifest_id')
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    // A child is a manifest; a blob of the same digest is not what the index names.
    .where('kind', '!=', 'child')
    .limit(1)
    .executeTakeFirst();
  return reference !== undefined;
}

/** True when the link was removed. */
export async function reviewLink(tx: Writer, due: Due, now: number): Promise<boolean> {
  const { repositoryId, digest } = due;
  const link = await tx
    .selectFrom('blob')
    .innerJoin('repository_blob', 'repository_blob.blob_id', 'blob.id')
    .select(['blob.id', 'repository_blob.lease_until'])
    .where('blob.digest', '=', digest)
    .where('repository_blob.repository_id', '=', repositoryId)
    .executeTakeFirst();
  // A manifest that goes away later puts its links up for review again.
  if (link === undefined || (await isReferenced(tx, due))) return false;
  if (link.lease_until > now) {
    await enqueueReviews(tx, [
      { kind: 'link', repositoryId, digest, reviewAfter: link.lease_until },
    ]);
    return false;
  }
  await tx
    .deleteFrom('repository_blob')
    .where('repository_id', '=', repositoryId)
    .where('blob_id', '=', link.id)
    .execute();
  await enqueueReviews(tx, [{ kind: 'blob', repositoryId: 0, digest, reviewAfter: now }]);
  return true;
}
